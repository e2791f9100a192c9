"""The customers' list of webhooks and the form for one more; nobody sees or touches another's."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Role, User
from lib.encryption import unseal
from orders.models import WebhookEndpoint
from orders.webhooks.endpoints import MAX_ENDPOINTS
from tests.factories import make_user, signed_in
from tests.orders.webhooks.endpoints import FORM, make_delivery, make_endpoint, secret_on

pytestmark = pytest.mark.django_db


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
    assert (endpoint.url, endpoint.events, endpoint.is_active) == (
        FORM["url"],
        FORM["events"],
        True,
    )
    assert unseal(endpoint.sealed_secret) == secret
    assert secret not in endpoint.sealed_secret
    assert secret not in client.get(f"/webhooks/{endpoint.pk}").content.decode()


def test_form_that_is_sent_twice_adds_one(client: Client, ann: User) -> None:
    client.post("/webhooks/new", FORM)
    answer = client.post("/webhooks/new", FORM)

    assert answer.status_code == 422
    assert "URL: you already have a webhook with this URL." in answer.content.decode()
    assert ann.webhook_endpoints.count() == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": ""}, "URL: enter a URL."),
        ({"url": "http://shop.example/"}, "The URL must begin with https://."),
        ({"url": "https://shop.example:8443/"}, "The URL must use port 443."),
        (
            {"url": "https://u:p@shop.example/"},
            "The URL must not contain a user name or a password.",
        ),
        ({"url": "https://127.0.0.1/"}, "The URL points to an address that is not public."),
        ({"url": "https://0x7f000001/"}, "The URL points to an address that is not public."),
        (
            {"url": "https://169.254.169.254/latest/"},
            "The URL points to an address that is not public.",
        ),
        ({"url": "https://localhost/"}, "The URL points to an address that is not public."),
        ({"url": "javascript:alert(1)"}, "The URL is not valid: expected https://host/path."),
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
    for number in range(MAX_ENDPOINTS):
        make_endpoint(user=ann, url=f"http://127.0.0.1:9/{number}")

    refused = client.post("/webhooks/new", FORM)
    client.post(f"/webhooks/{ann.webhook_endpoints.earliest('pk').pk}/remove")
    taken = client.post("/webhooks/new", FORM)

    assert refused.status_code == 422
    assert f"You have {MAX_ENDPOINTS} webhooks" in refused.content.decode()
    assert taken.status_code == 200


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.ADMIN])
def test_somebody_elses_webhook_is_as_good_as_none(role: Role) -> None:
    endpoint = make_endpoint()
    delivery = make_delivery(endpoint)
    stranger = signed_in(make_user(role=role))
    before = WebhookEndpoint.objects.values().get()

    acts = ["", "/switch", "/secret", "/old-secret", "/test", "/remove"]
    answers = [stranger.post(f"/webhooks/{endpoint.pk}{act}", FORM).status_code for act in acts]
    answers += [
        stranger.get(f"/webhooks/{endpoint.pk}{act}").status_code for act in ("", "/remove")
    ]
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
    # session, user, endpoint, deliveries, the balance in the frame
    with django_assert_num_queries(5):
        client.get(f"/webhooks/{endpoint.pk}")
