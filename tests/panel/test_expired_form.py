"""A form that was opened before a log-in in another tab keeps what was typed."""

import html
import re

import pytest
from django.test import Client

from accounts.models import User
from orders.models import Order
from tests.factories import PASSWORD, make_service, make_user
from tests.orders.pages.order_form import filled_in

pytestmark = pytest.mark.django_db
OWN_PAGE = {"Origin": "http://testserver"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def ann() -> User:
    return make_user(balance="10")


@pytest.fixture
def browser(ann: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    client.get("/order")  # the cookie of the log-in
    return client


def hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


def test_typed_order_is_kept_and_ordered_by_nobody_but_the_customer(
    ann: User, browser: Client
) -> None:
    typed = filled_in(ann, make_service(), link="https://example.com/mine?a=1&b=2")

    expired = browser.post("/order", typed | {"csrfmiddlewaretoken": "old"}, headers=OWN_PAGE)
    kept = hidden(expired.content.decode())
    again = browser.post("/order", kept, headers=OWN_PAGE)

    assert expired.status_code == 403
    assert kept.items() >= typed.items()
    assert (kept["review"], again.status_code) == ("1", 200)
    assert 'value="https://example.com/mine?a=1&amp;b=2"' in again.content.decode()
    assert not Order.objects.exists()


def test_mass_order_is_kept_and_checked_first(browser: Client) -> None:
    typed = {"text": "1 | @a | 100\r\n2 | @b | 5", "offer": "x", "order": "ready"}

    kept = hidden(browser.post("/orders/mass", typed, headers=OWN_PAGE).content.decode())

    assert {**kept, "csrfmiddlewaretoken": ""} == {
        "csrfmiddlewaretoken": "",
        "text": typed["text"],
        "check": "1",
    }


def test_other_forms_are_kept_with_every_value(browser: Client) -> None:
    typed = {"name": "shop", "scope": "order", "allowed_ips": "", "list": ["a", "b"]}

    page = browser.post("/account/keys", typed, headers=OWN_PAGE).content.decode()

    assert HIDDEN.findall(page)[-5:] == [
        ("name", "shop"),
        ("scope", "order"),
        ("allowed_ips", ""),
        ("list", "a"),
        ("list", "b"),
    ]
    assert 'action="/account/keys"' in page


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({"Origin": "https://evil.example"}, {"link": "theirs"}),
        ({}, {"link": "theirs"}),
        (OWN_PAGE, {"link": "mine", "oldpassword": PASSWORD}),
    ],
    ids=["other site", "no origin", "password"],
)
def test_nothing_of_another_site_and_no_password_is_shown(
    browser: Client, headers: dict[str, str], fields: dict[str, str]
) -> None:
    answer = browser.post("/order", fields, headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "<h1>This form has expired</h1>" in page
    assert fields["link"] not in page
    assert PASSWORD not in page


def test_stranger_sees_the_plain_page() -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/order", {"link": "typed"}, headers=OWN_PAGE)

    assert (answer.status_code, "typed" in answer.content.decode()) == (403, False)


@pytest.mark.parametrize(
    ("wanted", "place"), [("", "/"), ("/orders", "/orders"), ("https://evil.example/", "/")]
)
def test_second_log_in_leads_where_the_first_did(
    browser: Client, ann: User, wanted: str, place: str
) -> None:
    form = {"login": ann.email, "password": PASSWORD, "next": wanted}

    answer = browser.post("/accounts/login/", form, headers=OWN_PAGE)

    assert (answer.status_code, answer["Location"]) == (302, place)
