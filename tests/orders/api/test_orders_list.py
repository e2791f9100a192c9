"""The caller's own orders, page by page."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Status
from tests.factories import make_order, make_service, make_user
from tests.orders.api.api_client import ask, error, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> User:
    return make_user(balance="100")


@pytest.fixture
def key(customer: User) -> str:
    return key_of(customer)


def test_row_has_the_order_and_its_status(customer: User, key: str) -> None:
    order = make_order(user=customer, status=Status.COMPLETED, quantity=500)

    [row] = json.loads(ask(key, "orders"))

    assert list(row.items()) == [
        ("order", order.pk),
        ("service", order.service_id),
        ("link", "https://example.com/page"),
        ("quantity", "500"),
        ("created", "2026-03-14T12:00:00Z"),
        ("charge", "0.60000"),
        ("start_count", "0"),
        ("status", "Completed"),
        ("remains", "0"),
        ("currency", "USD"),
    ]


def test_pages_follow_each_other_to_an_empty_one(customer: User, key: str) -> None:
    service = make_service()
    pks = [make_order(user=customer, service=service, quantity=10).pk for _ in range(5)]
    make_order()  # a stranger's

    pages, before = [], ""
    while rows := json.loads(ask(key, "orders", limit=2, before=before)):
        pages.append([row["order"] for row in rows])
        before = str(rows[-1]["order"])

    assert pages == [[pks[4], pks[3]], [pks[2], pks[1]], [pks[0]]]


def test_no_orders_are_an_empty_list(key: str) -> None:
    assert ask(key, "orders") == b"[]"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "9" * 30, "²"])
def test_bad_limit_is_named(key: str, limit: str) -> None:
    assert ask(key, "orders", limit=limit) == error("limit: a whole number from 1 to 100")


def test_bad_place_is_named(key: str) -> None:
    assert ask(key, "orders", before="x") == error("before: the ID of an order")


def test_reading_key_may_list(customer: User) -> None:
    assert ask(key_of(customer, name="reader", scope="read"), "orders") == b"[]"


@pytest.mark.parametrize("count", [1, 3])
def test_list_is_one_query(
    customer: User, key: str, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = make_service()
    for _ in range(count):
        make_order(user=customer, service=service, quantity=10)
    ask(key, "balance")  # the use of the key is noted

    with django_assert_num_queries(2):  # the key, the orders
        assert len(json.loads(ask(key, "orders"))) == count
