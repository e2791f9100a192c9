"""Due deliveries are posted, signed and saved; failed ones are retried."""

import base64
import hmac
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from orders.models import WebhookDelivery, WebhookEndpoint
from orders.webhooks import sweep as webhooks_sweep
from orders.webhooks.deliveries import FAILING_FOR, MAX_UNPROVEN, PER_ENDPOINT, claim, record
from orders.webhooks.endpoints import remove_endpoint, rotate_secret
from orders.webhooks.sweep import deliver, deliver_due, forget_old
from tests.factories import NOW
from tests.orders.webhooks.endpoints import (
    fresh,
    make_delivery,
    make_due_again,
    make_endpoint,
    secret_of,
)
from tests.orders.webhooks.receiver import Received, Receiver

pytestmark = pytest.mark.django_db


def signature(got: Received, secret: str) -> str:
    """What a receiver reckons, by the specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


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
    assert got.headers["webhook-signature"] == signature(got, secret_of(endpoint))
    assert got.content == {
        "type": "order.partial",
        "timestamp": f"{delivery.happened_at:%Y-%m-%dT%H:%M:%S}"
        f".{delivery.happened_at.microsecond // 1000:03}Z",
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
    assert (row.state, row.tries, row.http_status, row.excerpt, row.problem) == (
        "delivered",
        1,
        200,
        "ok",
        "",
    )
    assert (row.next_at, row.owner) == (None, None)
    assert row.endpoint.is_proven


def test_what_is_delivered_is_not_sent_twice(receiver: Receiver) -> None:
    make_delivery(make_endpoint(url=receiver.url))

    notes = [deliver_due(), deliver_due()]

    assert notes == ["1 delivered", "nothing due"]
    assert len(receiver.received) == 1


def test_two_secrets_sign_while_one_takes_over(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)
    old = secret_of(endpoint)
    new = rotate_secret(endpoint=endpoint, now=timezone.now())
    make_delivery(endpoint)
    deliver_due()
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    make_delivery(endpoint)
    deliver_due()

    first, second = receiver.received
    assert first.headers["webhook-signature"] == f"{signature(first, new)} {signature(first, old)}"
    assert second.headers["webhook-signature"] == signature(second, new)


def test_slow_receivers_keep_nobody_waiting(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a busy machine may take long: what counts is who goes first
    monkeypatch.setattr(webhooks_sweep, "TIMEOUT", 60.0)
    monkeypatch.setattr(webhooks_sweep, "SWEEP_SECONDS", 120.0)
    quick = make_endpoint(url=receiver.url)
    WebhookEndpoint.objects.filter(pk=quick.pk).update(is_proven=True)
    with Receiver() as slow:
        slow.may_answer.clear()
        for number in range(MAX_UNPROVEN + 2):
            lame = make_endpoint(url=f"{slow.url}&n={number}")
            make_delivery(lame)
            make_delivery(lame)
        for _ in range(20):
            make_delivery(quick)

        def let_answer_when_all_came() -> None:
            if receiver.wait_for(20):
                slow.may_answer.set()

        waiting = threading.Thread(target=let_answer_when_all_came)
        waiting.start()
        deliver_due()
        waiting.join()

    # all of them before the first slow answer, else nothing would have answered
    assert len(receiver.received) == 20
    assert slow.most_at_once == MAX_UNPROVEN
    assert receiver.most_at_once <= PER_ENDPOINT
    assert len(slow.received) == 2 * (MAX_UNPROVEN + 2)


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
    assert fresh(delivery).problem == "its secret can no longer be read: make a new one"


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


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://shop.example/hook", "the URL must begin with https://"),
        ("https://127.0.0.1/hook", "the host name resolves to an address that is not public"),
        (
            "https://169.254.169.254/latest/meta-data",
            "the host name resolves to an address that is not public",
        ),
    ],
)
def test_private_providers_open_no_private_address_to_customers(
    url: str, problem: str, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE, settings.PROVIDER_ALLOW_PRIVATE = False, True
    delivery = make_delivery(make_endpoint(url=url))

    deliver_due()

    row = fresh(delivery)
    assert (row.state, row.http_status, row.problem) == ("waiting", None, problem)


def test_neither_secret_nor_url_gets_into_a_log_or_a_repr(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = make_endpoint(url="http://127.0.0.1:9/hook?token=t0ken")
    secret = secret_of(endpoint)
    make_delivery(endpoint)
    caplog.set_level("DEBUG")

    [dispatch] = claim(owner=uuid4())
    WebhookDelivery.objects.update(next_at=NOW)
    deliver_due()
    WebhookEndpoint.objects.update(
        sealed_secret="sealed elsewhere", failing_since=NOW - FAILING_FOR
    )
    WebhookDelivery.objects.update(next_at=NOW)
    deliver_due()

    said = caplog.text + repr(dispatch) + str(endpoint)
    assert "the secret of webhook" in caplog.text
    assert "t0ken" not in said
    assert secret.removeprefix("whsec_")[:10] not in said
