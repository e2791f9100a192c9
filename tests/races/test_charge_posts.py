"""Posts charged from many sides at once: each once; and what happens without the order's lock."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.utils import timezone

from billing import ledger
from billing.models import Account, Transfer
from catalog.upstream import OrderStatus
from catalog.upstream import Status as Word
from lib.clock import database_now
from orders.models import Order, Status, Subscription, Watch
from orders.placing.place_order import place_order
from orders.tracking.apply_reports import apply_reports
from orders.tracking.charge_posts import charge_owed, charge_posts
from tests.factories import make_order, make_service, make_user
from tests.guards_off import at_once_without
from tests.orders.subscriptions import ASKED, PRICE, RATE, findings
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS = 8
POSTS = 5


def running_subscription(*, balance: str = "100") -> Order:
    """A subscription that runs, without a provider that could be asked."""
    service = make_service(
        type="Subscriptions", cost=RATE, price=PRICE, min_quantity=2, is_cancel=True
    )
    order = place_order(
        customer=make_user(balance=balance), service=service, values=ASKED, now=timezone.now()
    )
    Order.objects.filter(pk=order.pk).update(
        status=Status.RUNNING, upstream_id="77", running_at=timezone.now()
    )
    Watch.objects.create(order=order, provider=order.provider, due_at=timezone.now())
    return order


def told(charge: Decimal) -> dict[str, OrderStatus]:
    return {
        "77": OrderStatus(
            status=Word.ACTIVE,
            word="Active",
            charge=charge,
            currency="USD",
            start_count=None,
            remains=None,
            remains_text="",
        )
    }


def stored(order: Order) -> tuple[int | None, Decimal, Decimal]:
    order.refresh_from_db()
    return order.posts, order.charge, Account.objects.get(owner=order.user).balance


def test_pollers_with_the_same_news_count_a_post_once() -> None:
    order = running_subscription()
    observed_at = database_now()

    def poll(_number: int) -> None:
        apply_reports(
            upstream_ids={order.pk: "77"},
            reports=told(RATE * POSTS),
            observed_at=observed_at,
            now=timezone.now(),
        )
        charge_owed(now=timezone.now())

    at_once(poll, times=SESSIONS)

    assert stored(order) == (POSTS, POSTS * PRICE, 100 - POSTS * PRICE)
    assert findings() == []


def test_pollers_with_older_and_newer_news_end_with_the_newest() -> None:
    order = running_subscription()
    moments = [database_now() for _ in range(SESSIONS)]

    def poll(number: int) -> None:
        apply_reports(
            upstream_ids={order.pk: "77"},
            reports=told(RATE * (number + 1)),
            observed_at=moments[number],
            now=timezone.now(),
        )
        charge_owed(now=timezone.now())

    at_once(poll, times=SESSIONS)

    assert stored(order) == (SESSIONS, SESSIONS * PRICE, 100 - SESSIONS * PRICE)
    assert not order.reviews.exists()


def test_chargers_at_once_book_each_post_once_down_to_the_last_money() -> None:
    order = running_subscription(balance="2")
    Subscription.objects.update(owed=POSTS)

    at_once(lambda _: charge_posts(order_id=order.pk, now=timezone.now()), times=SESSIONS)

    assert stored(order) == (2, 2 * PRICE, 2 - 2 * PRICE)
    assert Subscription.objects.get().owed == POSTS - 2
    assert order.cancellations.count() == order.reviews.count() == 1
    assert findings() == []


def test_control_without_the_orders_lock_a_post_is_booked_again_and_only_its_number_stops_it() -> (
    None
):
    make_order()  # the account of sales is there: whoever makes it keeps all others waiting
    order = running_subscription()
    Subscription.objects.update(owed=1)

    def charge(_: int) -> str:
        try:
            charge_posts(order_id=order.pk, now=timezone.now())
        except (ledger.LedgerError, DatabaseError):
            return "broken off"
        return "charged"

    # the second lock is the wallet's: all have read by then that a post is owed
    ends = at_once_without(charge, times=SESSIONS, nth=2)

    assert Counter(ends) == {"charged": 1, "broken off": SESSIONS - 1}
    assert Transfer.objects.filter(reference__contains=":post:").count() == 1
