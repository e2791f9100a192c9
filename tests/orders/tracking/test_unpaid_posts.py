"""Delivered posts that the balance does not cover: owed, shown, charged later, or waived."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.aftercare.send_requests import send_due
from orders.models import Review, ReviewKind, Status, Subscription
from orders.tracking.settle_reviews import close_review, end_order
from tests.double.handle import ProviderDouble
from tests.factories import fund, make_user
from tests.orders.subscriptions import (
    PRICE,
    balance_of,
    findings,
    look,
    open_reviews,
    sell_posts,
    subscribe,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return sell_posts(double)


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


def test_an_unpaid_post_is_owed_stops_the_serving_and_is_charged_when_money_comes(
    service: Service, double: ProviderDouble
) -> None:
    user = make_user(balance="1")
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)
    look(order)
    seen = (order.posts, order.charge, balance_of(user), open_reviews(order), findings())
    send_due()

    fund(user=user, amount="5")
    look(order)

    assert seen == (1, PRICE, 1 - PRICE, [ReviewKind.UNPAID_POSTS], [])
    assert [asked.order for asked in double.journal().cancels] == [int(order.upstream_id or 0)]
    assert (order.posts, order.charge, balance_of(user), open_reviews(order)) == (
        3,
        3 * PRICE,
        6 - 3 * PRICE,
        [],
    )
    assert findings() == []


def test_credit_pays_posts_to_its_last_unit(service: Service, double: ProviderDouble) -> None:
    user = make_user(balance="1")
    Account.objects.filter(owner=user).update(credit_limit=Decimal("0.60"))
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)

    look(order)

    assert (order.posts, balance_of(user)) == (2, Decimal("-0.60"))
    assert Subscription.objects.get().owed == 1


def test_one_customer_without_money_keeps_nobody_else_waiting(
    service: Service, user: User, double: ProviderDouble
) -> None:
    poor = subscribe(service, user=make_user(balance="0.80"))
    rich = subscribe(service, user=user)
    for order in (poor, rich):
        double.serve_posts(order.upstream_id or "", count=2)

    note = look(poor, rich)

    assert (poor.posts, rich.posts) == (1, 2)
    assert note == "2 looked at, 3 posts charged, 1 posts unpaid"


def test_staff_who_close_the_debt_forgive_it(service: Service, double: ProviderDouble) -> None:
    user, staff = make_user(balance="1"), make_user()
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)

    close_review(
        review=Review.objects.get(), actor=staff, reason="a good customer", now=timezone.now()
    )

    fund(user=user, amount="5")
    look(order)
    assert (order.posts, balance_of(user)) == (1, 6 - PRICE)


def test_staff_end_it_partially_by_posts_and_what_was_not_paid_is_forgiven(
    service: Service, double: ProviderDouble
) -> None:
    user, staff = make_user(balance="1.60"), make_user()
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)

    end_order(
        order=order,
        status=Status.PARTIAL,
        undelivered=1,
        actor=staff,
        reason="one was bad",
        now=timezone.now(),
    )
    fund(user=user, amount="5")
    look(order)

    assert (order.status, order.posts, order.charge, order.refunded) == (
        Status.PARTIAL,
        2,
        2 * PRICE,
        PRICE,
    )
    assert findings() == []
