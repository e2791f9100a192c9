"""Deliveries without a 2xx answer are retried, later and later; a gone endpoint is disabled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import WebhookDelivery, WebhookEndpoint
from orders.webhooks.deliveries import FAILING_FOR, WAITS
from orders.webhooks.endpoints import resend, send_test, switch_on
from orders.webhooks.sweep import deliver_due
from tests.orders.webhooks.endpoints import fresh, make_delivery, make_due_again, make_endpoint
from tests.orders.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_but_2xx_is_tried_again_with_the_same_id_and_body(
    status: int, receiver: Receiver
) -> None:
    receiver.status = status
    receiver.headers = {"Location": f"{receiver.url}&moved"}
    delivery = make_delivery(make_endpoint(url=receiver.url))

    deliver_due()
    failed = fresh(delivery)
    receiver.status = 204
    make_due_again(delivery)
    deliver_due()

    first, second = receiver.received
    assert (failed.state, failed.http_status, failed.endpoint.failures_in_row) == (
        "waiting",
        status,
        1,
    )
    assert first.path == second.path == "/hook?of=us"
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    row = fresh(delivery)
    assert (row.state, row.tries, row.endpoint.failures_in_row, row.endpoint.failing_since) == (
        "delivered",
        2,
        0,
        None,
    )


def test_waits_grow_and_end_in_giving_up() -> None:
    delivery = make_delivery(make_endpoint())
    longest, shortest = [], []  # seconds: counted from before the try, and from after it

    while fresh(delivery).state == "waiting":
        before = timezone.now()
        deliver_due()
        if next_at := fresh(delivery).next_at:
            longest.append((next_at - before).total_seconds())
            shortest.append((next_at - timezone.now()).total_seconds())
            make_due_again(delivery)

    assert [wait >= least for least, wait in zip(WAITS, longest, strict=True)] == [True] * len(
        WAITS
    )
    assert [wait <= 1.2 * least for least, wait in zip(WAITS, shortest, strict=True)] == [
        True
    ] * len(WAITS)
    row = fresh(delivery)
    assert (row.state, row.tries, row.http_status, row.next_at) == (
        "failed",
        len(WAITS) + 1,
        None,
        None,
    )
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
        ("failed", "disabled before it was sent"),
    ]


def test_three_days_of_failures_switch_it_off_and_one_success_in_between_does_not(
    receiver: Receiver,
) -> None:
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
    assert (off.is_active, off.switched_off_reason) == (
        False,
        "Nothing was delivered for three days.",
    )


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
