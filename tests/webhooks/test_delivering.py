"""What is due is posted, signed, and written down; what fails is tried again, later and later."""

import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from orders.delivering import deliver, deliver_due, forget_old
from orders.dispatching import FAILING_FOR, MOST_UNPROVEN, PER_ENDPOINT, WAITS, claim, record
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.registering import remove_endpoint, resend, rotate_secret, send_test, switch_on
from orders.signing import sign
from tests.factories import NOW
from tests.webhooks.receiver import Receiver
from tests.webhooks.telling import make_delivery, make_endpoint, secret_of

pytestmark = pytest.mark.django_db


def fresh(delivery: WebhookDelivery) -> WebhookDelivery:
    """The row as it stands now."""
    return WebhookDelivery.objects.select_related("endpoint").get(pk=delivery.pk)


def make_due_again(delivery: WebhookDelivery) -> None:
    """Do as if the wait were over."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_at=NOW)


def test_due_delivery_arrives_signed(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    delivery = make_delivery(endpoint, order_id=23501)

    note = deliver_due()

    [got] = receiver.received
    message_id, timestamp = got.headers["webhook-id"], int(got.headers["webhook-timestamp"])
    assert note == "1 delivered"
    assert got.path == "/hook?of=us"
    assert got.headers["content-type"] == "application/json"
    assert message_id == f"msg_{delivery.event_id.hex}"
    assert abs(timestamp - time.time()) < 60
    assert got.headers["webhook-signature"] == sign(
        keys=[secret_of(endpoint)], message_id=message_id, timestamp=timestamp, body=got.body
    )
    assert got.content == {
        "type": "order.partial",
        "timestamp": f"{delivery.happened_at:%Y-%m-%dT%H:%M:%S}.{delivery.happened_at.microsecond // 1000:03}Z",
        "data": {
            "order": 23501,
            "charge": "1.08000",
            "start_count": "3572",
            "status": "Partial",
            "remains": "100",
            "currency": "USD",
            "refunded": "0.12000",
        },
    }
    row = fresh(delivery)
    assert (row.state, row.tries, row.http_status, row.excerpt, row.problem) == ("delivered", 1, 200, "ok", "")
    assert (row.next_at, row.owner) == (None, None)
    assert row.endpoint.is_proven


def test_what_is_delivered_is_not_sent_twice(receiver: Receiver) -> None:
    make_delivery(make_endpoint(url=receiver.url))

    notes = [deliver_due(), deliver_due()]

    assert notes == ["1 delivered", "nothing due"]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_but_2xx_is_tried_again_with_the_same_id_and_body(status: int, receiver: Receiver) -> None:
    receiver.status = status
    receiver.headers = {"Location": f"{receiver.url}&moved"}
    delivery = make_delivery(make_endpoint(url=receiver.url))

    deliver_due()
    failed = fresh(delivery)
    receiver.status = 204
    make_due_again(delivery)
    deliver_due()

    first, second = receiver.received
    assert (failed.state, failed.http_status, failed.endpoint.failures_in_row) == ("waiting", status, 1)
    assert first.path == second.path == "/hook?of=us"
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    row = fresh(delivery)
    assert (row.state, row.tries, row.endpoint.failures_in_row, row.endpoint.failing_since) == ("delivered", 2, 0, None)


def test_waits_grow_and_end_in_giving_up() -> None:
    delivery = make_delivery(make_endpoint())
    waits = []

    while fresh(delivery).state == "waiting":
        before = timezone.now()
        deliver_due()
        if next_at := fresh(delivery).next_at:
            waits.append((next_at - before).total_seconds())
            make_due_again(delivery)

    assert [least <= wait <= least * 1.2 + 5 for least, wait in zip(WAITS, waits, strict=True)] == [True] * len(WAITS)
    row = fresh(delivery)
    assert (row.state, row.tries, row.http_status, row.next_at) == ("failed", len(WAITS) + 1, None, None)
    assert row.problem == "no connection: Connection refused"


def test_receiver_may_ask_for_a_longer_wait(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "900"}
    delivery = make_delivery(make_endpoint(url=receiver.url))

    deliver_due()

    next_at = fresh(delivery).next_at
    assert next_at is not None
    assert timedelta(minutes=14) < next_at - timezone.now() <= timedelta(minutes=15)


def test_410_switches_the_endpoint_off_and_gives_up_what_waits(receiver: Receiver) -> None:
    receiver.status = 410
    endpoint = make_endpoint(url=receiver.url)
    first, second = make_delivery(endpoint), make_delivery(endpoint)
    WebhookDelivery.objects.filter(pk=second.pk).update(next_at=timezone.now() + timedelta(hours=1))

    deliver_due()

    off = WebhookEndpoint.objects.get()
    assert (off.is_active, off.switched_off_reason) == (False, "It answered 410 Gone.")
    assert [(row.state, row.problem) for row in (fresh(first), fresh(second))] == [
        ("failed", ""),
        ("failed", "switched off before it was sent"),
    ]


def test_three_days_of_failures_switch_it_off_and_one_success_in_between_does_not(receiver: Receiver) -> None:
    receiver.status = 500
    endpoint = make_endpoint(url=receiver.url)
    make_delivery(endpoint)
    deliver_due()
    long_ago = timezone.now() - FAILING_FOR

    WebhookEndpoint.objects.update(failing_since=long_ago + timedelta(minutes=1))
    make_delivery(endpoint)
    deliver_due()
    is_active_before = WebhookEndpoint.objects.get().is_active
    WebhookEndpoint.objects.update(failing_since=long_ago)
    make_delivery(endpoint)
    deliver_due()

    off = WebhookEndpoint.objects.get()
    assert is_active_before
    assert (off.is_active, off.switched_off_reason) == (False, "Nothing was delivered for three days.")


def test_endpoint_that_is_switched_on_again_gets_what_is_resent(receiver: Receiver) -> None:
    receiver.status = 410
    endpoint = make_endpoint(url=receiver.url)
    delivery = make_delivery(endpoint)
    deliver_due()
    receiver.status = 200

    switch_on(endpoint=endpoint)
    resend(delivery=fresh(delivery), now=timezone.now())
    note = deliver_due()

    first, second = receiver.received
    assert note == "1 delivered"
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert fresh(delivery).state == "delivered"


def test_test_is_sent_once_and_does_not_count_as_a_failure(receiver: Receiver) -> None:
    receiver.status, receiver.body = 500, b"<b>no</b>"
    endpoint = make_endpoint(url=receiver.url)

    ping = send_test(endpoint=endpoint, now=timezone.now())
    deliver_due()

    [got] = receiver.received
    row = fresh(ping)
    assert (got.content["type"], got.content["data"]) == ("test.ping", {"endpoint": endpoint.pk})
    assert (row.state, row.http_status, row.excerpt, row.tries) == ("failed", 500, "<b>no</b>", 1)
    assert (row.endpoint.failures_in_row, row.endpoint.failing_since) == (0, None)


def test_two_secrets_sign_while_one_takes_over(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    old = secret_of(endpoint)
    new = rotate_secret(endpoint=endpoint, now=timezone.now())
    make_delivery(endpoint)
    deliver_due()
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    make_delivery(endpoint)
    deliver_due()

    def signed(keys: list[str], number: int) -> str:
        got = receiver.received[number]
        message_id, timestamp = got.headers["webhook-id"], int(got.headers["webhook-timestamp"])
        return sign(keys=keys, message_id=message_id, timestamp=timestamp, body=got.body)

    assert receiver.received[0].headers["webhook-signature"] == signed([new, old], 0)
    assert receiver.received[1].headers["webhook-signature"] == signed([new], 1)


def test_slow_receivers_keep_nobody_waiting(receiver: Receiver) -> None:
    quick = make_endpoint(url=receiver.url)
    WebhookEndpoint.objects.filter(pk=quick.pk).update(is_proven=True)
    with Receiver() as slow:
        slow.may_answer.clear()
        for number in range(MOST_UNPROVEN + 2):
            lame = make_endpoint(url=f"{slow.url}&n={number}")
            make_delivery(lame)
            make_delivery(lame)
        for _ in range(20):
            make_delivery(quick)
        waiting = threading.Thread(target=lambda: receiver.wait_for(20) and slow.may_answer.set())
        waiting.start()
        deliver_due()
        waiting.join()

    assert len(receiver.received) == 20  # all of them before the first slow answer, else nothing would have answered
    assert slow.most_at_once == MOST_UNPROVEN
    assert receiver.most_at_once <= PER_ENDPOINT
    assert len(slow.received) == 2 * (MOST_UNPROVEN + 2)


def test_dead_workers_delivery_is_sent_again_when_its_lease_is_over(receiver: Receiver) -> None:
    delivery = make_delivery(make_endpoint(url=receiver.url))
    [dead] = claim(owner=uuid4())

    before = deliver_due()
    make_due_again(delivery)
    after = deliver_due()
    late = record(dispatch=dead, posted=deliver(dead), now=timezone.now())

    assert (before, after, late) == ("nothing due", "1 delivered", "taken over")
    row = fresh(delivery)
    assert (row.state, row.tries) == ("delivered", 2)


def test_closed_account_is_told_nothing(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    make_delivery(endpoint)
    endpoint.user.is_active = False
    endpoint.user.save(update_fields=["is_active"])

    assert deliver_due() == "nothing due"
    assert receiver.received == []


def test_unreadable_secret_fails_without_a_call(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    WebhookEndpoint.objects.update(sealed_secret="sealed elsewhere")
    delivery = make_delivery(endpoint)

    deliver_due()

    assert receiver.received == []
    assert fresh(delivery).problem == "its secret cannot be read any more: make a new one"


def test_old_deliveries_and_removed_endpoints_are_forgotten() -> None:
    endpoint, removed = make_endpoint(), make_endpoint()
    make_delivery(endpoint, happened_at=NOW)
    kept = make_delivery(endpoint, happened_at=NOW + timedelta(days=1))
    make_delivery(removed, happened_at=NOW + timedelta(days=30))
    remove_endpoint(endpoint=removed, now=NOW + timedelta(days=29))

    count = forget_old(now=NOW + timedelta(days=30, minutes=1))

    assert count == 3
    assert list(WebhookDelivery.objects.all()) == [kept]
    assert list(WebhookEndpoint.objects.all()) == [endpoint]
