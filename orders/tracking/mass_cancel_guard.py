"""The guard against a false mass cancellation: many refundable ends at one provider in one cycle
wait for staff.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import Order, Review, ReviewKind, Status, Watch

# so many orders of one provider may end with a refund in one cycle, whatever its size
MAX_ENDINGS = 20
MAX_SHARE = 10  # percent of the provider's orders that run, or ended in that cycle, that may
MAX_SPACING = 15  # times TRACK_MIN_INTERVAL: between two looks at an old order


def hold_mass_endings(orders: Sequence[Order], *, now: datetime) -> set[int]:
    """Which of `orders`, all of one provider and about to end with a refund, must wait for staff
    (primary keys).

    Where more than MOST_ENDINGS orders *and* more than MOST_SHARE percent of the provider's orders
    are reported as canceled or partial within the time in which each is looked at, every further
    one gets a doubt: looks are spread over that time, and so are the reports of a provider that
    says it of all. An order whose doubt staff have closed since is free to end.
    """
    if not orders:
        return set()
    provider_id = orders[0].provider_id
    endings = Watch.objects.filter(provider_id=provider_id).exclude(ending="")
    waved_through = endings.filter(Exists(_mass_cancel_reviews().filter(closed_at__isnull=False)))
    ended = _ended(provider_id, now=now)
    refunding = endings.count() - waved_through.count() + ended["refunded"]
    active = Watch.objects.filter(provider_id=provider_id).count() + ended["all"]
    is_mass = refunding > MAX_ENDINGS and refunding * 100 > active * MAX_SHARE
    keys = [order.pk for order in orders]
    free = set(waved_through.filter(order_id__in=keys).values_list("order_id", flat=True))
    doubted = set(_open_reviews(keys).values_list("order_id", flat=True))
    held = {
        order.pk for order in orders if order.pk in doubted or (is_mass and order.pk not in free)
    }
    for order in orders:
        if order.pk in held - doubted:
            text = (
                f"{refunding} of {active} orders that ran ended with a refund within a short time: "
                "staff decide whether it is true."
            )
            order.open_review(kind=ReviewKind.MASS_CANCEL, text=text, now=now)
    return held


def settle_vanished_endings(orders: Sequence[Order], *, now: datetime) -> None:
    """Close the doubts of orders that the provider reports as running again after all."""
    why = "The provider reports the order as running again"
    withdraw_reviews(orders=orders, kinds=[ReviewKind.MASS_CANCEL], why=why, now=now)


def _ended(provider_id: int, *, now: datetime) -> dict[str, int]:
    """How many of the provider's orders ended within one cycle, and with a refund that nobody
    of staff decided.
    """
    cycle = timedelta(seconds=MAX_SPACING * settings.TRACK_MIN_INTERVAL + settings.REFUND_CONFIRM)
    ended = Order.objects.filter(
        provider_id=provider_id, upstream_id__isnull=False, ended_at__gt=now - cycle
    )
    decided = Review.objects.filter(
        order=OuterRef("pk"), kind=ReviewKind.MASS_CANCEL, closed_by__isnull=False
    )
    is_refunded = Q(status__in=[Status.PARTIAL, Status.CANCELED], refunded__gt=0, is_decided=False)
    ended = ended.annotate(is_decided=Exists(decided))
    return ended.aggregate(all=Count("pk"), refunded=Count("pk", filter=is_refunded))


def _mass_cancel_reviews() -> QuerySet[Review]:
    """The mass-cancel doubts that were raised on the outer watch's order since its ending was
    first seen.
    """
    return Review.objects.filter(
        order_id=OuterRef("order_id"),
        kind=ReviewKind.MASS_CANCEL,
        raised_at__gte=OuterRef("ending_seen_at"),
    )


def _open_reviews(keys: Sequence[int]) -> QuerySet[Review]:
    return Review.objects.filter(order_id__in=keys, kind=ReviewKind.MASS_CANCEL, closed_at=None)
