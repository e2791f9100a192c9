"""A program that asks again with the same key gets the same order, whatever has changed since, and
pays once.
"""

from decimal import Decimal

import pytest

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.models import Order, Status
from tests.factories import NOW, make_service, make_user
from tests.orders.api.api_client import ask, key_of, post

pytestmark = pytest.mark.django_db

LINK = "https://example.com/page"
REUSED = b'{"error":"Idempotency key was used with other parameters"}'


@pytest.fixture
def customer() -> User:
    return make_user(balance="1.20")


@pytest.fixture
def key(customer: User) -> str:
    return key_of(customer)


def add(key: str, service: Service, /, **fields: object) -> bytes:
    return ask(
        key,
        "add",
        **{
            "service": service.pk,
            "link": LINK,
            "quantity": 1000,
            "idempotency_key": "k1",
            **fields,
        },
    )


def balance(user: User) -> Decimal:
    return Account.objects.get(owner=user).balance


def test_same_key_and_parameters_are_the_same_order(customer: User, key: str) -> None:
    service = make_service()

    first, again = add(key, service), add(key, service)

    assert first == again == b'{"order":%d}' % customer.orders.get().pk
    assert balance(customer) == 0


def test_header_and_field_are_the_same_key(customer: User, key: str) -> None:
    service = make_service()
    fields = {"key": key, "action": "add", "service": service.pk, "link": LINK, "quantity": 1000}

    answer = post(fields, headers={"Idempotency-Key": "k1"})

    assert add(key, service) == answer.content
    assert customer.orders.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawn_at": NOW},
        {"is_hidden": True},
        {"price": Decimal(99)},
        {"cost": Decimal(99)},
        {"type": "Poll"},
        {"max_quantity": 10},
    ],
)
def test_repeat_gives_the_order_whatever_became_of_the_service(
    customer: User, key: str, change: dict[str, object]
) -> None:
    service = make_service()
    first = add(key, service)
    Service.objects.filter(pk=service.pk).update(**change)

    assert add(key, service) == first
    assert balance(customer) == 0


def test_repeat_of_an_ended_order_is_no_new_one(customer: User, key: str) -> None:
    service = make_service()
    first = add(key, service)
    customer.orders.update(status=Status.CANCELED, refunded=Decimal("1.2"), ended_at=NOW)

    assert add(key, service) == first


@pytest.mark.parametrize(
    "other", [{"quantity": 999}, {"link": "@other"}, {"runs": "2"}, {"service": None}]
)
def test_same_key_with_other_parameters_is_an_error_and_charges_nothing(
    key: str, customer: User, other: dict[str, object]
) -> None:
    service = make_service()
    add(key, service)
    fields = {name: make_service().pk if value is None else value for name, value in other.items()}

    assert add(key, service, **fields) == REUSED
    assert (customer.orders.count(), balance(customer)) == (1, Decimal(0))


def test_max_charge_is_no_parameter_of_the_order(customer: User, key: str) -> None:
    service = make_service()

    assert (
        add(key, service, max_charge="1.20")
        == add(key, service, max_charge="1")
        == add(key, service)
    )
    assert customer.orders.count() == 1


def test_refused_add_keeps_its_key_free(customer: User, key: str) -> None:
    service = make_service()

    assert add(key, service, quantity=5) == b'{"error":"neworder.error.min_quantity"}'
    assert add(key, service) == b'{"order":%d}' % customer.orders.get().pk


def test_two_customers_may_have_the_same_key() -> None:
    service, (ann, bob) = make_service(), (make_user(balance="2"), make_user(balance="2"))

    assert add(key_of(ann), service) != add(key_of(bob), service)


def test_key_never_meets_one_of_the_pages(customer: User, key: str) -> None:
    add(key, make_service())

    assert Order.objects.get().client_key == "api:k1"
