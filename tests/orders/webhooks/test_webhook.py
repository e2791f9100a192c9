"""The page of one webhook: change, test, rotate, switch, resend, remove, and its log."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from lib.encryption import unseal
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.webhooks.deliveries import claim
from orders.webhooks.endpoints import switch_off
from orders.webhooks.sweep import deliver_due
from tests.factories import NOW
from tests.orders.webhooks.endpoints import (
    ALL,
    FORM,
    make_delivery,
    make_endpoint,
    secret_of,
    secret_on,
)
from tests.orders.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_url_and_events_are_changed(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)

    answer = client.post(f"/webhooks/{endpoint.pk}", FORM)

    endpoint.refresh_from_db()
    assert answer["Location"] == f"/webhooks/{endpoint.pk}"
    assert (endpoint.url, endpoint.events) == (FORM["url"], FORM["events"])


def test_change_that_cannot_be_keeps_what_was(client: Client, ann: User) -> None:
    endpoint, other = (
        make_endpoint(user=ann),
        make_endpoint(user=ann, url="http://127.0.0.1:9/other"),
    )

    answers = [
        client.post(f"/webhooks/{endpoint.pk}", {**FORM, "url": url})
        for url in (other.url, "ftp://x/")
    ]

    endpoint.refresh_from_db()
    assert [answer.status_code for answer in answers] == [422, 422]
    assert (endpoint.url, endpoint.events) == ("http://127.0.0.1:9/hook", ALL)


def test_test_button_sends_and_the_log_shows_status_time_and_answer_as_text(
    client: Client, ann: User
) -> None:
    hostile = b"<script>alert(1)</script>" + b"x" * 1000
    with Receiver(status=500, body=hostile) as receiver:
        endpoint = make_endpoint(user=ann, url=receiver.url)

        answer = client.post(f"/webhooks/{endpoint.pk}/test", follow=True)
        deliver_due()

    log = client.get(f"/webhooks/{endpoint.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "Test sent. The answer will appear in the log." in answer.content.decode()
    assert "data-refresh" in answer.content.decode()
    assert "test.ping" in log
    assert "<summary>500</summary>" in log
    assert re.search(r"\d+ ms", log)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in log
    assert "<script>alert" not in log
    assert len(WebhookDelivery.objects.get().excerpt) == 500
    assert "<html" not in log
    assert "data-refresh" not in log


def test_test_button_that_is_pressed_twice_sends_one(
    client: Client, ann: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(user=ann, url=receiver.url)

    with time_machine.travel(timezone.now(), tick=False):
        client.post(f"/webhooks/{endpoint.pk}/test")
        second = client.post(f"/webhooks/{endpoint.pk}/test", follow=True)
    deliver_due()

    assert "A test was sent a moment ago" in second.content.decode()
    assert len(receiver.received) == 1


def test_test_goes_before_what_has_been_due_longer(
    client: Client, ann: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(user=ann, url=receiver.url)
    make_delivery(endpoint)

    client.post(f"/webhooks/{endpoint.pk}/test")
    deliver_due()

    assert [got.content["type"] for got in receiver.received] == ["test.ping", "order.partial"]


def test_new_secret_is_shown_once_and_the_old_one_can_be_ended(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    old = secret_of(endpoint)

    answer = client.post(f"/webhooks/{endpoint.pk}/secret")
    again = client.post(f"/webhooks/{endpoint.pk}/secret", follow=True)

    secret = secret_on(answer.content.decode())
    endpoint.refresh_from_db()
    assert "no-store" in answer["Cache-Control"]
    assert secret == secret_of(endpoint) != old
    assert unseal(endpoint.sealed_old_secret) == old
    assert "End the old one first" in again.content.decode()
    client.post(f"/webhooks/{endpoint.pk}/old-secret")
    endpoint.refresh_from_db()
    assert (endpoint.sealed_old_secret, endpoint.old_secret_until) == ("", None)


def test_switching_off_and_on(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    delivery = make_delivery(endpoint)

    client.post(f"/webhooks/{endpoint.pk}/switch", {"to": "off"})
    off = WebhookEndpoint.objects.get()
    refused = [
        client.post(path)
        for path in (f"/webhooks/{off.pk}/test", f"/webhooks/deliveries/{delivery.pk}/resend")
    ]
    client.post(f"/webhooks/{endpoint.pk}/switch", {"to": "on"})

    assert (off.is_active, off.switched_off_reason) == (False, "")
    assert [answer.status_code for answer in refused] == [302, 302]
    assert [row.state for row in WebhookDelivery.objects.all()] == ["failed"]
    assert WebhookEndpoint.objects.get().is_active


def test_owner_reads_why_we_switched_it_off(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    switch_off(endpoint=endpoint, reason="Nothing was delivered for three days.", now=NOW)

    page = client.get(f"/webhooks/{endpoint.pk}").content.decode()

    assert "We disabled this webhook" in page
    assert "Nothing was delivered for three days." in page
    assert "Disabled" in client.get("/webhooks").content.decode()


def test_delivery_is_sent_again_from_the_log(client: Client, ann: User, receiver: Receiver) -> None:
    endpoint = make_endpoint(user=ann, url=receiver.url)
    delivery = make_delivery(endpoint)
    deliver_due()

    client.post(f"/webhooks/deliveries/{delivery.pk}/resend")
    client.post(f"/webhooks/deliveries/{delivery.pk}/resend")
    deliver_due()

    first, second = receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_delivery_that_is_on_its_way_is_not_sent_beside_itself(client: Client, ann: User) -> None:
    delivery = make_delivery(make_endpoint(user=ann))
    claim(owner=uuid4())

    answer = client.post(f"/webhooks/deliveries/{delivery.pk}/resend", follow=True)

    assert "This event is being sent right now." in answer.content.decode()
    assert WebhookDelivery.objects.get().owner is not None


def test_removed_endpoint_is_gone_with_its_secrets(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    delivery = make_delivery(endpoint)

    asked = client.get(f"/webhooks/{endpoint.pk}/remove")
    removed = [client.post(f"/webhooks/{endpoint.pk}/remove").status_code for _ in range(2)]

    row = WebhookEndpoint.objects.get()
    assert "Remove the webhook to http://127.0.0.1:9/hook?" in asked.content.decode()
    assert removed == [302, 404]
    assert (row.sealed_secret, row.sealed_old_secret, row.is_active) == ("", "", False)
    assert client.get(f"/webhooks/{endpoint.pk}").status_code == 404
    assert client.post(f"/webhooks/deliveries/{delivery.pk}/resend").status_code == 404
    assert "127.0.0.1:9" not in client.get("/webhooks").content.decode()


def test_log_refreshes_only_while_something_waits(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    delivery = make_delivery(endpoint)
    address = f"/webhooks/{endpoint.pk}"

    waiting = client.get(address).content.decode()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state="failed", next_at=None, tried_at=timezone.now() - timedelta(hours=1)
    )

    assert f'hx-get="{address}"' in waiting
    assert (
        "hx-get"
        not in client.get(address)
        .content.decode()
        .partition('id="webhook-log"')[2]
        .partition(">")[0]
    )
