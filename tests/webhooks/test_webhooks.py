"""The customers' pages of webhooks: add, change, test, rotate, switch, resend, remove; nobody sees another's."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Role, User
from catalog.sealing import unseal
from orders.delivering import deliver_due
from orders.dispatching import claim
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.registering import MOST_ENDPOINTS, switch_off
from tests.factories import NOW, make_user, signed_in
from tests.webhooks.receiver import Receiver
from tests.webhooks.telling import ALL, make_delivery, make_endpoint, secret_of

pytestmark = pytest.mark.django_db

FORM = {"url": "https://shop.example/hook?token=t0ken", "events": ["order.completed", "order.partial"]}


@pytest.fixture
def ann() -> User:
    """A customer."""
    return make_user(email="ann@example.com")


@pytest.fixture
def client(ann: User) -> Client:
    """Ann's browser."""
    return signed_in(ann)


def secret_on(page: str) -> str:
    """The secret that a page shows."""
    match = re.search(r'id="new-secret">([^<]+)<', page)
    assert match is not None
    return match[1]


def test_page_lists_own_endpoints_and_offers_a_form(client: Client, ann: User) -> None:
    make_endpoint(user=ann, url="http://127.0.0.1:9/mine")
    make_endpoint(url="http://127.0.0.1:9/theirs")

    page = client.get("/webhooks").content.decode()

    assert "http://127.0.0.1:9/mine" in page
    assert "theirs" not in page
    assert 'value="order.completed"' in page


def test_new_endpoint_shows_its_secret_once(client: Client, ann: User) -> None:
    answer = client.post("/webhooks/new", FORM)

    endpoint = ann.webhook_endpoints.get()
    secret = secret_on(answer.content.decode())
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert (endpoint.url, endpoint.events, endpoint.is_active) == (FORM["url"], FORM["events"], True)
    assert unseal(endpoint.sealed_secret) == secret
    assert secret not in endpoint.sealed_secret
    assert secret not in client.get(f"/webhooks/{endpoint.pk}").content.decode()


def test_form_that_is_sent_twice_adds_one(client: Client, ann: User) -> None:
    client.post("/webhooks/new", FORM)
    answer = client.post("/webhooks/new", FORM)

    assert answer.status_code == 422
    assert "URL: you have a webhook with this URL already." in answer.content.decode()
    assert ann.webhook_endpoints.count() == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": ""}, "URL: say where to send."),
        ({"url": "http://shop.example/"}, "The URL must begin with https://."),
        ({"url": "https://shop.example:8443/"}, "The URL must use port 443."),
        ({"url": "https://u:p@shop.example/"}, "The URL must not hold a user name or a password."),
        ({"url": "https://127.0.0.1/"}, "The URL leads to an address that is not public."),
        ({"url": "https://0x7f000001/"}, "The URL leads to an address that is not public."),
        ({"url": "https://169.254.169.254/latest/"}, "The URL leads to an address that is not public."),
        ({"url": "https://localhost/"}, "The URL leads to an address that is not public."),
        ({"url": "javascript:alert(1)"}, "The URL is not one: expected https://host/path."),
        ({"url": "https://shop.example/" + "x" * 500}, "URL: at most 500 characters."),
        ({"events": []}, "Events: choose at least one."),
        ({"events": ["order.everything"]}, "Select a valid choice."),
    ],
)
def test_bad_form_is_refused_with_its_reason(
    changed: dict[str, object], message: str, client: Client, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False

    answer = client.post("/webhooks/new", {**FORM, **changed})

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_endpoints_are_limited_and_removing_one_makes_room(client: Client, ann: User) -> None:
    for number in range(MOST_ENDPOINTS):
        make_endpoint(user=ann, url=f"http://127.0.0.1:9/{number}")

    refused = client.post("/webhooks/new", FORM)
    client.post(f"/webhooks/{ann.webhook_endpoints.earliest('pk').pk}/remove")
    taken = client.post("/webhooks/new", FORM)

    assert refused.status_code == 422
    assert f"You have {MOST_ENDPOINTS} webhooks" in refused.content.decode()
    assert taken.status_code == 200


def test_url_and_events_are_changed(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)

    answer = client.post(f"/webhooks/{endpoint.pk}", FORM)

    endpoint.refresh_from_db()
    assert answer["Location"] == f"/webhooks/{endpoint.pk}"
    assert (endpoint.url, endpoint.events) == (FORM["url"], FORM["events"])


def test_change_that_cannot_be_keeps_what_was(client: Client, ann: User) -> None:
    endpoint, other = make_endpoint(user=ann), make_endpoint(user=ann, url="http://127.0.0.1:9/other")

    answers = [client.post(f"/webhooks/{endpoint.pk}", {**FORM, "url": url}) for url in (other.url, "ftp://x/")]

    endpoint.refresh_from_db()
    assert [answer.status_code for answer in answers] == [422, 422]
    assert (endpoint.url, endpoint.events) == ("http://127.0.0.1:9/hook", ALL)


def test_test_button_sends_and_the_log_shows_status_time_and_answer_as_text(client: Client, ann: User) -> None:
    hostile = b"<script>alert(1)</script>" + b"x" * 1000
    with Receiver(status=500, body=hostile) as receiver:
        endpoint = make_endpoint(user=ann, url=receiver.url)

        answer = client.post(f"/webhooks/{endpoint.pk}/test", follow=True)
        deliver_due()

    log = client.get(f"/webhooks/{endpoint.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "The test is on its way" in answer.content.decode()
    assert "data-refresh" in answer.content.decode()
    assert "test.ping" in log
    assert "<summary>500</summary>" in log
    assert re.search(r"\d+ ms", log)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in log
    assert "<script>alert" not in log
    assert len(WebhookDelivery.objects.get().excerpt) == 500
    assert "<html" not in log
    assert "data-refresh" not in log


def test_test_button_that_is_pressed_twice_sends_one(client: Client, ann: User, receiver: Receiver) -> None:
    endpoint = make_endpoint(user=ann, url=receiver.url)

    client.post(f"/webhooks/{endpoint.pk}/test")
    second = client.post(f"/webhooks/{endpoint.pk}/test", follow=True)
    deliver_due()

    assert "A test was sent a moment ago" in second.content.decode()
    assert len(receiver.received) == 1


def test_test_goes_before_what_has_been_due_longer(client: Client, ann: User, receiver: Receiver) -> None:
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
    assert "End the old one before you make another" in again.content.decode()
    client.post(f"/webhooks/{endpoint.pk}/old-secret")
    endpoint.refresh_from_db()
    assert (endpoint.sealed_old_secret, endpoint.old_secret_until) == ("", None)


def test_switching_off_and_on(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    delivery = make_delivery(endpoint)

    client.post(f"/webhooks/{endpoint.pk}/switch", {"to": "off"})
    off = WebhookEndpoint.objects.get()
    refused = [client.post(path) for path in (f"/webhooks/{off.pk}/test", f"/webhooks/deliveries/{delivery.pk}/resend")]
    client.post(f"/webhooks/{endpoint.pk}/switch", {"to": "on"})

    assert (off.is_active, off.switched_off_reason) == (False, "")
    assert [answer.status_code for answer in refused] == [302, 302]
    assert [row.state for row in WebhookDelivery.objects.all()] == ["failed"]
    assert WebhookEndpoint.objects.get().is_active


def test_owner_reads_why_we_switched_it_off(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    switch_off(endpoint=endpoint, reason="Nothing was delivered for three days.", now=NOW)

    page = client.get(f"/webhooks/{endpoint.pk}").content.decode()

    assert "We switched this webhook off" in page
    assert "Nothing was delivered for three days." in page
    assert "Switched off" in client.get("/webhooks").content.decode()


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

    assert "It is being sent at this moment." in answer.content.decode()
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


@pytest.mark.parametrize("role", Role)
def test_somebody_elses_webhook_is_as_good_as_none(role: Role) -> None:
    endpoint = make_endpoint()
    delivery = make_delivery(endpoint)
    stranger = signed_in(make_user(role=role))
    before = WebhookEndpoint.objects.values().get()

    acts = ["", "/switch", "/secret", "/old-secret", "/test", "/remove"]
    answers = [stranger.post(f"/webhooks/{endpoint.pk}{act}", FORM).status_code for act in acts]
    answers += [stranger.get(f"/webhooks/{endpoint.pk}{act}").status_code for act in ("", "/remove")]
    answers.append(stranger.post(f"/webhooks/deliveries/{delivery.pk}/resend").status_code)

    assert answers == [404] * 9
    assert WebhookEndpoint.objects.values().get() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", ""), ("get", "/new"), ("put", "/1")]
    + [("get", f"/1/{act}") for act in ("switch", "secret", "old-secret", "test")]
    + [("get", "/deliveries/1/resend")],
)
def test_wrong_verb_is_refused(method: str, path: str, client: Client) -> None:
    assert getattr(client, method)(f"/webhooks{path}").status_code == 405


def test_stranger_is_sent_to_the_log_in() -> None:
    answer = Client().post("/webhooks/new", FORM)

    assert answer["Location"].startswith("/accounts/login/?next=/webhooks/new")
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_queries_for_any_number_of_rows(
    rows: int, client: Client, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        endpoint = make_endpoint(user=ann, url=f"http://127.0.0.1:9/{number}")
        for _ in range(rows):
            make_delivery(endpoint)

    with django_assert_num_queries(4):  # session, user, endpoints, the balance in the frame
        client.get("/webhooks")
    with django_assert_num_queries(5):  # session, user, endpoint, deliveries, the balance in the frame
        client.get(f"/webhooks/{endpoint.pk}")


def test_log_refreshes_only_while_something_waits(client: Client, ann: User) -> None:
    endpoint = make_endpoint(user=ann)
    delivery = make_delivery(endpoint)
    address = f"/webhooks/{endpoint.pk}"

    waiting = client.get(address).content.decode()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state="failed", next_at=None, tried_at=timezone.now() - timedelta(hours=1)
    )

    assert f'hx-get="{address}"' in waiting
    assert "hx-get" not in client.get(address).content.decode().partition('id="webhook-log"')[2].partition(">")[0]
