"""What the page of a new order refuses or asks again about: bad input, other prices, too little
money, overlaps.
"""

import re
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Service
from orders.models import Order, Status
from orders.placing.price_quote import quote
from tests.factories import make_order, make_service, make_user
from tests.orders.pages.order_form import LINK, assert_nothing_ordered, filled_in

pytestmark = pytest.mark.django_db
URL = "/order"


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("fields", "name", "message"),
    [
        ({"link": ""}, "link", "Fill this in."),
        ({"link": "a\nb"}, "link", "Remove line breaks and invisible control characters."),
        ({"link": "a\0b"}, "link", "Remove line breaks and invisible control characters."),
        ({"link": "javascript:alert(1)"}, "link", "Enter the address of a page or profile."),
        ({"quantity": ""}, "quantity", "Fill this in."),
        ({"quantity": "9"}, "quantity", "At least 10."),
        ({"quantity": "10001"}, "quantity", "At most 10,000."),
        ({"quantity": "ten"}, "quantity", "Enter a whole number, digits only."),
        ({"quantity": "1e3"}, "quantity", "Enter a whole number, digits only."),
        ({"runs": "2"}, "interval", "A drip-feed needs this, too."),
        ({"interval": "5"}, "runs", "A drip-feed needs this, too."),
        ({"runs": "2", "interval": "x"}, "interval", "Enter a whole number, digits only."),
    ],
)
def test_bad_input_names_its_field_and_charges_nothing(
    client: Client, user: User, fields: dict[str, str], name: str, message: str
) -> None:
    service = make_service(is_dripfeed=True)

    response = client.post(URL, filled_in(user, service, **fields))

    assert response.status_code == 422
    assert response.context["form"].errors == {name: [message]}
    assert message in response.content.decode()
    assert_nothing_ordered(user)


def test_refused_form_keeps_what_was_typed_and_its_key(client: Client, user: User) -> None:
    form = filled_in(user, make_service(), link="https://example.com/typed", quantity="9")

    page = client.post(URL, form).content.decode()

    assert 'value="https://example.com/typed"' in page
    assert 'value="9"' in page
    assert form["idempotency_key"] in page


def test_runs_smuggled_into_a_service_without_dripfeed_are_named(
    client: Client, user: User
) -> None:
    response = client.post(URL, filled_in(user, make_service(), runs="2", interval="5"))

    assert response.status_code == 422
    assert "runs: This service has no drip-feed. Leave this empty." in response.content.decode()
    assert_nothing_ordered(user)


def test_price_that_rose_between_page_and_order_is_asked_about_and_then_charged(
    client: Client, user: User
) -> None:
    service = make_service(price="1.20")
    form = filled_in(user, service)
    Service.objects.update(price=Decimal("1.50"))

    response = client.post(URL, form)

    assert response.status_code == 422
    assert "The price has risen from 1.20 USD to 1.50 USD per 1000. Nothing was charged." in (
        response.content.decode()
    )
    assert_nothing_ordered(user)
    shown = dict(
        re.findall(r'name="(quote|idempotency_key)" value="([^"]+)"', response.content.decode())
    )
    assert client.post(URL, form | shown).status_code == 302
    assert Order.objects.get().charge == Decimal("1.5")


def test_price_that_fell_is_charged_without_asking(client: Client, user: User) -> None:
    service = make_service(price="1.20")
    form = filled_in(user, service)
    Service.objects.update(price=Decimal("1.00"))

    assert client.post(URL, form).status_code == 302

    assert Order.objects.get().charge == 1


@pytest.mark.parametrize("kind", ["missing", "forged", "of another service", "of another customer"])
def test_quote_that_is_not_ours_orders_nothing(client: Client, user: User, kind: str) -> None:
    service = make_service(price="1.20")
    false = {
        "missing": "",
        "forged": quote(customer=user, service=service)[:-1] + "!",
        "of another service": quote(customer=user, service=make_service(price="9")),
        "of another customer": quote(customer=make_user(), service=service),
    }[kind]

    response = client.post(URL, filled_in(user, service, quote=false))

    assert response.status_code == 422
    assert (
        "Nothing has been ordered yet. Please check the price and order again."
        in response.content.decode()
    )
    assert_nothing_ordered(user)


def test_price_or_charge_sent_by_the_browser_changes_nothing(client: Client, user: User) -> None:
    form = filled_in(user, make_service(price="1.20"), price="0.01", charge="0.01", rate="0.01")

    client.post(URL, form)

    assert Order.objects.get().charge == Decimal("1.2")


@pytest.mark.parametrize("key", ["", "not a uuid", "1"])
def test_damaged_key_orders_nothing_and_is_replaced(client: Client, user: User, key: str) -> None:
    response = client.post(URL, filled_in(user, make_service(), idempotency_key=key))

    assert response.status_code == 422
    assert re.search(r'name="idempotency_key" value="[0-9a-f-]{36}"', response.content.decode())
    assert_nothing_ordered(user)


def test_too_little_balance_says_what_is_needed_and_where_to_add(
    client: Client, user: User
) -> None:
    service = make_service(price="1.20", max_quantity=100_000)

    response = client.post(URL, filled_in(user, service, quantity="10000"))

    page = response.content.decode()
    assert response.status_code == 422
    assert "Your balance is too low: 12.00 USD needed, 10.00 USD available." in page
    assert "Add funds" in page
    assert "−$2.00" in page
    assert_nothing_ordered(user)


@pytest.mark.parametrize(
    "change", [{"is_hidden": True}, {"type": "Teleport"}, {"price": Decimal("0.01")}]
)
def test_service_that_cannot_be_sold_any_more_charges_nothing(
    client: Client, user: User, change: dict[str, object]
) -> None:
    service = make_service(cost="0.90", price="1.20")
    form = filled_in(user, service)
    Service.objects.filter(pk=service.pk).update(**change)

    response = client.post(URL, form)

    assert response.status_code == 422
    assert "Nothing was charged." in response.content.decode()
    assert_nothing_ordered(user)


@pytest.mark.parametrize("service", ["", "0", "abc", "9" * 30])
def test_unknown_service_is_refused(client: Client, user: User, service: str) -> None:
    response = client.post(URL, filled_in(user, make_service()) | {"service": service})

    assert response.status_code == 422
    assert "This service is no longer available. Nothing was charged." in response.content.decode()
    assert_nothing_ordered(user)


@pytest.mark.parametrize("link", [LINK, f"{LINK}/"])
def test_link_with_an_open_order_is_ordered_only_after_a_yes(
    client: Client, user: User, link: str
) -> None:
    service = make_service(price="1.20")
    running = make_order(user=user, link=LINK, status=Status.RUNNING)
    form = filled_in(user, service, link=link)

    warned = client.post(URL, form)
    accepted = client.post(URL, form | {"is_overlap_accepted": "on"})

    assert warned.status_code == 422
    assert f"Order {running.pk} for this link is still running" in warned.content.decode()
    assert 'type="checkbox" name="is_overlap_accepted"' in warned.content.decode()
    assert accepted.status_code == 302
    assert Order.objects.count() == 2


def test_ended_orders_and_those_of_others_do_not_overlap(client: Client, user: User) -> None:
    make_order(user=user, link=LINK, status=Status.COMPLETED)
    make_order(link=LINK, status=Status.RUNNING)

    assert client.post(URL, filled_in(user, make_service())).status_code == 302
