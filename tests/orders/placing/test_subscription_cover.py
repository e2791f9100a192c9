"""What a balance must cover before a subscription is taken."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Account
from orders.lifecycle.end import cancel_in_full
from orders.models import Order
from orders.placing.place_order import place_order
from orders.placing.price_quote import forecast
from orders.placing.subscription_cover import NotCovered, next_posts
from tests.factories import NOW, make_service, make_user
from tests.orders.api.api_client import ask, error, key_of

pytestmark = pytest.mark.django_db

ASKED = {"username": "@someone", "min": "10", "max": "20", "delay": "0"}


@pytest.fixture
def user() -> User:
    return make_user(balance="3")


def subscribe(user: User, **values: str) -> Order:
    service = make_service(type="Subscriptions", cost="0.5", price="1")
    return place_order(customer=user, service=service, values={**ASKED, **values}, now=NOW)


@pytest.mark.parametrize(
    ("fields", "served", "posts"),
    [
        ({}, 0, 1),
        ({}, 500, 1),
        ({"posts": "10000"}, 0, 1),
        ({"posts": "10000"}, 9999, 1),
        ({"posts": "5"}, 5, 0),
        ({"old_posts": "7"}, 0, 7),
        ({"old_posts": "7"}, 4, 3),
        ({"old_posts": "7"}, 7, 1),
        ({"posts": "2", "old_posts": "7"}, 6, 1),
        ({"posts": "2", "old_posts": "7"}, 9, 0),
    ],
)
def test_next_posts_are_the_existing_ones_or_one_new_one(
    fields: dict[str, str], served: int, posts: int
) -> None:
    assert next_posts(fields, served=served) == posts


def test_balance_of_three_posts_covers_three_subscriptions(user: User) -> None:
    for _ in range(3):
        subscribe(user, posts="10000")
    with pytest.raises(NotCovered) as refused:
        subscribe(user, posts="10000")

    assert user.orders.count() == 3
    short = refused.value
    assert [short.available, short.amount, short.others] == [Decimal(3), Decimal(4), Decimal(3)]
    assert Account.objects.get(owner=user).balance == 3


def test_existing_posts_are_covered_all_at_once(user: User) -> None:
    with pytest.raises(NotCovered):
        subscribe(user, old_posts="4")

    subscribe(user, old_posts="3")

    assert user.orders.count() == 1


def test_post_that_was_served_and_not_paid_is_covered_too(user: User) -> None:
    order = subscribe(user)
    order.subscription.owe(2, charge=Decimal(1))

    with pytest.raises(NotCovered):
        subscribe(user)


def test_subscription_that_ended_needs_no_cover(user: User) -> None:
    for _ in range(3):
        order = subscribe(user)
    cancel_in_full(order=order, text="not wanted", now=NOW)

    assert subscribe(user).pk


def test_credit_counts_and_other_customers_do_not(user: User) -> None:
    subscribe(make_user(balance="3"), old_posts="3")
    Account.objects.filter(owner=user).update(credit_limit=1)

    for _ in range(4):
        subscribe(user)

    with pytest.raises(NotCovered):
        subscribe(user)


def test_forecast_counts_what_open_subscriptions_need(user: User) -> None:
    subscribe(user)
    service = make_service(type="Subscriptions", cost="0.5", price="1")

    found = [
        forecast(customer=user, service=service, values={**ASKED, "old_posts": posts})
        for posts in ("", "2", "3", "many")
    ]

    assert [(each.reserved, each.is_short) for each in found if each] == [
        (Decimal(1), False),
        (Decimal(2), False),
        (Decimal(3), True),
        (Decimal(1), False),
    ]


def test_page_says_so_before_ordering_and_where_the_money_is_not_there(
    client: Client, user: User
) -> None:
    client.force_login(user)
    service = make_service(type="Subscriptions", cost="0.5", price="1")
    subscribe(user)

    shown = client.get("/order", {"service": str(service.pk)}).content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    refused = client.post("/order", {**form, **ASKED, "old_posts": "3"})

    assert "must cover the next post of this and of every subscription you have open" in shown
    assert refused.status_code == 422
    assert (
        "4.00 USD needed, of which 1.00 USD for your open ones, 3.00 USD available."
        in refused.content.decode()
    )
    assert user.orders.count() == 1


def test_api_refuses_in_the_words_that_programs_know(user: User) -> None:
    key = key_of(user)
    service = make_service(type="Subscriptions", cost="0.5", price="1")

    answers = [ask(key, "add", service=service.pk, **ASKED) for _ in range(4)]

    assert [b"order" in answer and b"error" not in answer for answer in answers] == [
        True,
        True,
        True,
        False,
    ]
    assert answers[3] == error("neworder.error.not_enough_funds")
