"""The charge of a form that is being filled in: the server's own, whatever else the form lacks."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.placing.place_order import place_order
from tests.factories import NOW, make_service, make_user
from tests.orders.pages.order_form import LINK, assert_nothing_ordered

pytestmark = pytest.mark.django_db
URL = "/order/charge"
NOTHING_YET = ("—", "—")


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(page: str) -> tuple[str, ...]:
    """The charge and the balance after it."""
    return tuple(re.findall(r"<dd data-[a-z-]+>(.*?)</dd>", page))


def ask(client: Client, service: Service, **fields: str) -> tuple[str, ...]:
    response = client.post(URL, {"service": str(service.pk)} | fields)
    assert response.status_code == 200
    return shown(response.content.decode())


def test_stranger_is_sent_to_log_in_and_back_to_the_page() -> None:
    form = Client().post(URL)
    fragment = Client().post(
        URL,
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/order?service=1"},
    )

    assert (form.status_code, form["Location"]) == (302, f"/accounts/login/?next={URL}")
    assert fragment["HX-Redirect"] == "/accounts/login/?next=/order%3Fservice%3D1"


def test_wrong_verb_is_rejected(client: Client) -> None:
    assert client.get(URL).status_code == 405


@pytest.mark.parametrize("service_id", ["", "abc", "9" * 30, "-1", "\x00", "²", "404"])
def test_unknown_service_is_no_longer_available(client: Client, service_id: str) -> None:
    response = client.post(URL, {"service": service_id, "quantity": "1000"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "This service is no longer available." in page
    assert shown(page) == NOTHING_YET


def test_price_of_a_service_that_is_not_on_sale_is_not_told(client: Client) -> None:
    service = make_service(price="1.20")
    Service.objects.update(is_hidden=True)

    response = client.post(URL, {"service": str(service.pk), "quantity": "1000"})

    assert response.status_code == 422
    assert "1.20" not in response.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"quantity": ""},
        {"quantity": "0"},
        {"quantity": "-5"},
        {"quantity": "1.5"},
        {"quantity": "²"},
        {"quantity": "9" * 30},
        {"quantity": "100", "runs": "x"},
        {"quantity": "100", "runs": "99999"},
    ],
)
def test_nothing_is_shown_while_the_units_cannot_be_counted(
    client: Client, fields: dict[str, str]
) -> None:
    assert ask(client, make_service(is_dripfeed=True), **fields) == NOTHING_YET


def test_link_may_still_be_missing(client: Client, user: User) -> None:
    assert ask(client, make_service(price="1.20"), quantity="1000") == ("$1.20", "$8.80")
    assert_nothing_ordered(user)


def test_balance_that_is_too_low_is_said_and_credit_counts(client: Client, user: User) -> None:
    service = make_service(price="10.01")
    form = {"service": str(service.pk), "quantity": "1000"}

    short = client.post(URL, form).content.decode()
    Account.objects.filter(owner=user).update(credit_limit=5)
    on_credit = client.post(URL, form).content.decode()

    assert shown(short) == shown(on_credit) == ("$10.01", "−$0.01")
    assert "invisible" not in short
    assert "invisible" in on_credit


@pytest.mark.parametrize(
    ("type_name", "fields", "charge"),
    [
        ("Default", {"quantity": "1234"}, "$1.52346"),
        ("Default", {"quantity": "100", "runs": "7", "interval": "30"}, "$0.8642"),
        ("Default", {"quantity": "0100", "runs": "0"}, "$0.12346"),
        ("Package", {}, "$1.23457"),
        ("Custom Comments", {"comments": "one\n\n two \r\nthree\\nfour"}, "$0.00371"),
        ("Custom Comments Package", {"comments": "one\ntwo"}, "$1.23457"),
    ],
)
def test_shown_charge_is_the_charge_booked(
    client: Client, user: User, type_name: str, fields: dict[str, str], charge: str
) -> None:
    service = make_service(
        type=type_name, price="1.23456789", min_quantity=1, is_dripfeed=type_name == "Default"
    )
    expected = ask(client, service, **fields)

    order = place_order(customer=user, service=service, values=fields | {"link": LINK}, now=NOW)

    assert expected[0] == charge == f"${order.charge.normalize():f}"
    left = Account.objects.get(owner=user).balance
    assert expected[1] == f"${left.normalize():f}"
    assert left == Decimal(10) - order.charge


def test_subscription_is_charged_per_post(client: Client) -> None:
    service = make_service(type="Subscriptions", price="0.80")

    page = client.post(URL, {"service": str(service.pk)}).content.decode()

    assert "Charge per post" in page
    assert shown(page) == ("$0.80", "$9.20")


@pytest.mark.parametrize("services", [1, 3])
def test_asks_the_database_a_fixed_number_of_times(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, services: int
) -> None:
    made = [make_service() for _ in range(services)]

    with django_assert_num_queries(4):  # session, user, service, wallet
        client.post(URL, {"service": str(made[0].pk), "quantity": "1000"})
