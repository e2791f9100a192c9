"""The guard against false mass cancellations, where a provider's looks are spread over a while."""

from collections import Counter
from copy import copy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from catalog.upstream import OrderStatus
from catalog.upstream import Status as Word
from orders.models import Order, Review, ReviewKind, Status, Watch
from orders.tracking.apply_reports import apply_reports
from orders.tracking.settle_reviews import close_review
from tests.factories import make_order, make_service, make_user

pytestmark = pytest.mark.django_db

CANCELED = OrderStatus(Word.CANCELED, "Canceled", Decimal(0), "USD", None, 1000, "1000")


@pytest.fixture(autouse=True)
def _short_waits(settings: Settings) -> None:
    settings.REFUND_CONFIRM = 0
    settings.TRACK_MIN_INTERVAL = 60  # an old order is looked at every quarter of an hour


@pytest.fixture
def orders() -> list[Order]:
    user, service = make_user(balance="100"), make_service()
    return [make_order(user=user, service=service, status=Status.RUNNING) for _ in range(30)]


def report_canceled(orders: list[Order]) -> None:
    """The provider says so twice of these orders, and of no others."""
    for _ in range(2):
        apply_reports(
            upstream_ids={order.pk: order.upstream_id or "" for order in orders},
            reports={order.upstream_id or "": CANCELED for order in orders},
            observed_at=timezone.now(),
            now=timezone.now(),
        )


def states() -> Counter[str]:
    return Counter(Order.objects.values_list("status", flat=True))


def test_fault_12_false_mass_cancellation_that_is_seen_bit_by_bit_is_held(
    orders: list[Order],
) -> None:
    for start in range(0, 30, 5):
        report_canceled(orders[start : start + 5])

    assert states() == {Status.CANCELED: 20, Status.RUNNING: 10}
    assert [(review.order_id, review.kind) for review in Review.objects.order_by("pk")] == [
        (order.pk, ReviewKind.MASS_CANCEL) for order in orders[20:]
    ]


def test_cancellations_of_an_earlier_cycle_are_no_part_of_a_mass(orders: list[Order]) -> None:
    report_canceled(orders[:20])
    Order.objects.filter(status=Status.CANCELED).update(
        ended_at=timezone.now() - timedelta(minutes=16)
    )

    report_canceled(orders[20:])

    assert states() == {Status.CANCELED: 30}


def test_cancellations_that_are_few_among_what_ended_are_no_mass(orders: list[Order]) -> None:
    done = make_order(service=orders[0].service, status=Status.COMPLETED, now=timezone.now())
    others = [copy(done) for _ in range(269)]
    for number, other in enumerate(others):
        other.pk, other.upstream_id = None, f"completed-{number}"
    Order.objects.bulk_create(others)

    report_canceled(orders)

    assert states() == {Status.CANCELED: 30, Status.COMPLETED: 270}


def test_what_staff_have_let_through_is_no_part_of_a_mass(orders: list[Order]) -> None:
    report_canceled(orders[:25])
    staff = make_user(role=Role.STAFF)
    for review in Review.objects.all():
        close_review(review=review, actor=staff, reason="they confirm it", now=timezone.now())
    report_canceled(orders[:25])

    report_canceled(orders[25:])

    assert states() == {Status.CANCELED: 30}
    assert not Watch.objects.exists()
