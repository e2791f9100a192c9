"""Every row of the contract about who asks and what is sold, to the byte: key order, JSON types,
error texts.
"""

import json
from http import HTTPStatus

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Service
from orders.models import Status
from tests.factories import NOW, make_category, make_service, make_user
from tests.orders.api.api_client import ADDRESS, LINK, add, ask, error, key_of, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> User:
    return make_user(balance="100")


@pytest.fixture
def key(customer: User) -> str:
    return key_of(customer)


# --- who asks, for what


@pytest.mark.parametrize(
    "bad", ["", "no", "x" * 40, "x" * 5000, "\0" * 40, "ключ" * 10, "a b" * 13 + "c"]
)
def test_no_or_bad_key_is_said_before_the_action_is_looked_at(bad: str) -> None:
    assert ask(bad, "nonsense") == error("Invalid API key")


@pytest.mark.parametrize("action", ["", "nonsense", "BALANCE", "add\0", "__class__"])
def test_no_or_unknown_action_is_an_incorrect_request(key: str, action: str) -> None:
    assert ask(key, action) == error("Incorrect request")


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/"])
def test_both_addresses_answer_directly_without_cookies(key: str, address: str) -> None:
    answer = post({"key": key, "action": "balance"}, address=address)

    assert (answer.status_code, answer.content) == (
        HTTPStatus.OK,
        b'{"balance":"100.00000","currency":"USD"}',
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"Set-Cookie", "Location"} & set(answer.headers)
    assert not answer.cookies


def test_logged_in_browser_without_a_key_is_nobody_here(customer: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)

    assert browser.post(ADDRESS, {"action": "balance"}).content == error("Invalid API key")


# --- services and balance


def test_services_in_the_documented_order_and_types(key: str) -> None:
    category = make_category(name="Shop <b>")
    service = make_service(
        category=category, name="Likes 🚀 & more", cost="0.5", price="0.90", is_refill=True
    )

    [row] = json.loads(ask(key, "services"))

    assert list(row.items()) == [
        ("service", service.pk),
        ("name", "Likes 🚀 & more"),
        ("type", "Default"),
        ("category", "Shop <b>"),
        ("rate", "0.90"),
        ("min", "10"),
        ("max", "10000"),
        ("refill", True),
        ("cancel", False),
    ]


def test_services_that_nobody_may_buy_are_not_listed(key: str) -> None:
    hidden, below_cost = make_service(), make_service(cost="2", price="1")
    Service.objects.filter(pk=hidden.pk).update(is_hidden=True)

    assert ask(key, "services") == b"[]"
    assert add(key, below_cost) == error("Incorrect service ID")


@pytest.mark.parametrize("amount", ["0.00001", "1E+3", "0"])
def test_balance_is_a_plain_decimal(amount: str) -> None:
    user = make_user(balance=amount)
    plain = {"0.00001": "0.00001", "1E+3": "1000.00000", "0": "0.00000"}[amount]

    assert ask(key_of(user), "balance") == f'{{"balance":"{plain}","currency":"USD"}}'.encode()


# --- add


def test_add_answers_the_order_alone(customer: User, key: str) -> None:
    answer = add(key, make_service())

    assert answer == b'{"order":%d}' % customer.orders.get().pk


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"service": "999999"}, "Incorrect service ID"),
        ({"service": ""}, "Incorrect service ID"),
        ({"service": "abc"}, "Incorrect service ID"),
        ({"service": "-1"}, "Incorrect service ID"),
        ({"service": "9" * 30}, "Incorrect service ID"),
        ({"link": ""}, "neworder.error.link"),
        ({"link": "javascript:alert(1)"}, "neworder.error.link"),
        ({"link": "a\r\nb"}, "neworder.error.link"),
        ({"quantity": ""}, "neworder.error.min_quantity"),
        ({"quantity": "9"}, "neworder.error.min_quantity"),
        ({"quantity": "0"}, "neworder.error.min_quantity"),
        ({"quantity": "-100"}, "neworder.error.min_quantity"),
        ({"quantity": "-1,000"}, "neworder.error.min_quantity"),
        ({"quantity": "ten"}, "quantity: Enter a whole number, digits only."),
        ({"quantity": "1.000"}, "quantity: Enter a whole number, digits only."),
        ({"quantity": "10.5"}, "quantity: Enter a whole number, digits only."),
        ({"quantity": "10001"}, "neworder.error.max_quantity"),
        ({"quantity": "9" * 50}, "neworder.error.max_quantity"),
        ({"runs": "x"}, "runs: Enter a whole number, digits only."),
        ({"max_charge": "0.01"}, "neworder.error.max_charge"),
        ({"max_charge": "much"}, "max_charge: an amount of money"),
        ({"max_charge": "1_0"}, "max_charge: an amount of money"),
        ({"max_charge": "٩"}, "max_charge: an amount of money"),
        ({"max_charge": "-1"}, "max_charge: an amount of money"),
        ({"max_charge": "NaN"}, "max_charge: an amount of money"),
        ({"idempotency_key": "k" * 97}, "idempotency_key: 1 to 96 printable characters"),
        ({"idempotency_key": "a\x07"}, "idempotency_key: 1 to 96 printable characters"),
    ],
)
def test_add_that_is_refused_says_why_and_charges_nothing(
    customer: User, key: str, fields: dict[str, str], text: str
) -> None:
    assert add(key, make_service(), **fields) == error(text)
    assert not customer.orders.exists()
    assert ask(key, "balance") == b'{"balance":"100.00000","currency":"USD"}'


def test_add_without_the_money_is_refused(key: str) -> None:
    assert add(key, make_service(price="200000")) == error("neworder.error.not_enough_funds")


@pytest.mark.parametrize("column", ["is_hidden", "withdrawn_at", "review_reason", "is_sellable"])
def test_add_of_a_service_that_is_off_sale_is_refused(key: str, column: str) -> None:
    service = make_service()
    off = {"is_hidden": True, "withdrawn_at": NOW, "review_reason": "price", "is_sellable": False}[
        column
    ]
    Service.objects.filter(pk=service.pk).update(**{column: off})

    assert add(key, service) == error("Incorrect service ID")


@pytest.mark.parametrize("again", [LINK, f"{LINK}/", f" {LINK} "])
def test_same_link_of_the_same_service_is_refused_while_the_first_is_open(
    customer: User, key: str, again: str
) -> None:
    service = make_service()
    add(key, service)

    assert add(key, service, link=again) == error("neworder.error.link_duplicate")
    assert add(key, make_service(), link=again) != error("neworder.error.link_duplicate")
    customer.orders.update(status=Status.COMPLETED, ended_at=NOW)
    assert add(key, service, link=again).startswith(b'{"order":')


@pytest.mark.parametrize("absent", ["", "0", "null", "undefined", "None"])
def test_optional_numbers_in_these_words_are_absent(customer: User, key: str, absent: str) -> None:
    add(key, make_service(), runs=absent, interval=absent)

    assert customer.orders.get().fields == {}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\\n", "\\r\\n", "\\r"])
def test_comments_count_by_lines_however_they_end(customer: User, key: str, end: str) -> None:
    service = make_service(type="Custom Comments", min_quantity=2)

    assert ask(key, "add", service=service.pk, link=LINK, comments=f"one{end}") == error(
        "neworder.error.min_quantity"
    )
    ask(key, "add", service=service.pk, link=LINK, comments=f"one{end}two 🚀{end}{end}")

    assert (customer.orders.get().billed_quantity, customer.orders.get().fields) == (
        2,
        {"comments": "one\ntwo 🚀"},
    )


@pytest.mark.parametrize(
    "quantity",
    ["1,000", "1 000", "1000.0", "1000.00", "1\u202f000", "1'000", "\ufeff1000", "１０００"],
)
def test_quantity_is_read_as_people_and_programs_write_it(
    customer: User, key: str, quantity: str
) -> None:
    add(key, make_service(), quantity=quantity)

    assert customer.orders.get().quantity == 1000


def test_missing_field_of_a_type_is_named(key: str) -> None:
    service = make_service(type="Poll")

    assert add(key, service) == error("answer_number: Fill this in.")
