"""Subscriptions from the order to the last post: nothing in advance, and each post once."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.ledger import InsufficientFunds
from catalog.models import Service
from orders.aftercare.requests import request_cancel
from orders.aftercare.send_requests import send_due
from orders.forwarding.sweep import submit_due
from orders.models import Cancellation, Order, Status
from orders.placing.check_fields import FieldErrors, Problem
from orders.placing.place_order import NotOnSale, place_order
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.subscriptions import (
    ASKED,
    PRICE,
    balance_of,
    findings,
    look,
    posts_of,
    sell_posts,
    subscribe,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = Decimal(0)
CONFIRM = 0.05  # seconds between the two looks that a cancellation needs


@pytest.fixture
def service(double: ProviderDouble, settings: Settings) -> Service:
    settings.REFUND_CONFIRM = CONFIRM
    return sell_posts(double)


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


def test_nothing_is_charged_before_a_post_was_served(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)

    look(order)

    (placed,) = double.placed()
    assert placed.fields == ASKED
    assert (order.status, order.posts, order.charge, order.link) == (Status.RUNNING, 0, NOTHING, "")
    assert balance_of(user) == 10
    assert findings() == []


def test_each_post_is_charged_once_with_a_reference_of_its_own(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    look(order)
    double.serve_posts(order.upstream_id or "")
    note = look(order)

    assert posts_of(order) == [(f"{order.pk}:post:{number}", PRICE) for number in (1, 2, 3)]
    assert (order.posts, order.charge, order.cost, order.billed_quantity) == (
        3,
        3 * PRICE,
        Decimal("1.5"),
        3,
    )
    assert (order.status, order.customer_status, order.subscription.state) == (
        "running",
        "In progress",
        "Active",
    )
    assert balance_of(user) == 10 - 3 * PRICE
    assert note == "1 looked at, 1 posts charged"
    assert findings() == []


def test_old_posts_are_posts(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user, posts="1", old_posts="2")
    double.advance(3600)

    look(order)

    assert (order.status, order.posts, order.charge) == (Status.COMPLETED, 3, 3 * PRICE)


@pytest.mark.parametrize(
    ("word", "status", "state"),
    [("Expired", "completed", "Expired"), ("Paused", "running", "Paused")],
)
def test_status_words_of_a_subscription_are_shown_and_end_it_or_not(
    service: Service, user: User, double: ProviderDouble, word: str, status: str, state: str
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "")
    double.set_order(order.upstream_id or "", shown={"status": word})

    look(order)

    assert (order.status, order.subscription.state, order.charge) == (status, state, PRICE)
    assert findings() == []


def test_a_canceled_subscription_keeps_the_posts_that_were_served(
    service: Service, user: User, double: ProviderDouble, settings: Settings
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    request_cancel(order=order, actor=user, now=timezone.now())
    send_due()
    double.advance(60)
    settings.REFUND_CONFIRM = 60
    look(order)
    after_one = order.status
    settings.REFUND_CONFIRM = CONFIRM
    time.sleep(CONFIRM)

    look(order)

    assert after_one == Status.RUNNING  # believed only when it is seen twice
    served = double.order(order.upstream_id or "").net_charge / Decimal("0.5")
    assert (order.status, order.posts, order.charge, order.refunded) == (
        Status.CANCELED,
        int(served),
        served * PRICE,
        NOTHING,
    )
    assert Cancellation.objects.get().state == "completed"
    assert findings() == []


def test_a_subscription_that_was_not_sent_yet_is_canceled_at_once_for_nothing(
    service: Service, user: User
) -> None:
    order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())

    request_cancel(order=order, actor=user, now=timezone.now())

    order.refresh_from_db()
    assert (order.status, order.charge, order.refunded, balance_of(user)) == (
        Status.CANCELED,
        NOTHING,
        NOTHING,
        Decimal(10),
    )
    assert findings() == []


def test_the_balance_must_cover_one_post(service: Service) -> None:
    poor = make_user(balance="0.79")

    with pytest.raises(InsufficientFunds) as short:
        place_order(customer=poor, service=service, values=ASKED, now=NOW)

    assert (short.value.available, short.value.amount) == (Decimal("0.79"), PRICE)
    assert not Order.objects.exists()


def test_what_costs_nothing_cannot_be_counted_and_is_not_sold(service: Service, user: User) -> None:
    Service.objects.update(rate=0, cost=0)

    with pytest.raises(NotOnSale):
        place_order(customer=user, service=service, values=ASKED, now=NOW)


def test_a_cost_above_the_price_of_a_post_holds_the_subscription(
    service: Service, user: User
) -> None:
    order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())
    Service.objects.update(rate="1", cost="1")

    submit_due()

    order.refresh_from_db()
    assert (order.status, order.hold_reason) == (Status.HELD, "loss")


def test_an_expiry_in_the_past_is_refused_by_the_clock_that_is_passed_in(
    service: Service, user: User
) -> None:
    yesterday, today = NOW - timedelta(days=1), NOW

    with pytest.raises(FieldErrors) as refused:
        place_order(
            customer=user,
            service=service,
            values={**ASKED, "expiry": f"{yesterday:%d/%m/%Y}"},
            now=NOW,
        )
    order = place_order(
        customer=user, service=service, values={**ASKED, "expiry": f"{today:%Y-%m-%d}"}, now=NOW
    )

    assert refused.value.problems == {"expiry": Problem("This date is in the past.", "too_small")}
    assert order.fields["expiry"] == "14/03/2026"
