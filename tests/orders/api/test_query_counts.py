"""How often the database is asked: as often for a hundred as for one."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Refill, RequestState, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.api.api_client import ask, key_of

pytestmark = pytest.mark.django_db

KEY = 1  # the key with its user and group


@pytest.fixture
def customer() -> User:
    return make_user(balance="1000")


@pytest.fixture
def key(customer: User) -> str:
    key = key_of(customer)
    ask(key, "balance")  # which notes the use
    return key


@pytest.mark.parametrize("count", [1, 100])
def test_status_is_one_query_beside_the_key(
    customer: User, key: str, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    service = make_service()
    ids = [make_order(user=customer, service=service).pk for _ in range(min(count, 5))]
    ids += range(10**6, 10**6 + count - len(ids))

    with django_assert_num_queries(KEY + 1):
        ask(key, "status", orders=",".join(map(str, ids)))


@pytest.mark.parametrize("count", [1, 100])
def test_refill_status_is_one_query_beside_the_key(
    customer: User, key: str, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_order(user=customer, status=Status.COMPLETED)
    Refill.objects.create(
        order=order,
        provider=order.provider,
        requested_by=customer,
        requested_at=NOW,
        state=RequestState.COMPLETED,
    )

    with django_assert_num_queries(KEY + 1):
        ask(key, "refill_status", refills=",".join(map(str, range(1, count + 1))))


def test_balance_is_one_query_beside_the_key(
    key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(KEY + 1):
        ask(key, "balance")


@pytest.mark.parametrize("action", ["refill", "cancel"])
@pytest.mark.parametrize("count", [1, 100])
def test_requests_that_are_refused_by_a_look_cost_no_query_each(
    customer: User,
    key: str,
    action: str,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    service = make_service()
    ids = [
        make_order(user=customer, service=service, status=Status.COMPLETED).pk
        for _ in range(min(count, 5))
    ]
    ids += range(10**6, 10**6 + count - len(ids))

    with django_assert_num_queries(KEY + 3):  # the orders, their refills, their cancellations
        ask(key, action, orders=",".join(map(str, ids)))


@pytest.mark.parametrize(
    ("action", "status", "queries"),
    [
        # the look, 3; begin, orders, open ones, refills, timeline, commit
        ("refill", Status.COMPLETED, 9),
        ("cancel", Status.RUNNING, 9),
    ],
)
@pytest.mark.parametrize("count", [1, 5])
def test_requests_that_are_taken_cost_the_same_for_many(
    customer: User,
    key: str,
    action: str,
    status: Status,
    queries: int,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    service = make_service(is_refill=True, is_cancel=True)
    ids = [make_order(user=customer, service=service, status=status).pk for _ in range(count)]

    with django_assert_num_queries(KEY + queries):
        answers = json.loads(ask(key, action, orders=",".join(map(str, ids))))

    assert [answer["order"] for answer in answers] == ids
    assert all(isinstance(answer[action], int) for answer in answers)


@pytest.mark.parametrize("key_text", ["", "short", "x" * 39, "x" * 39 + "é", "x" * 41])
def test_text_that_can_be_no_key_is_not_looked_up(
    key_text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        ask(key_text, "balance")
