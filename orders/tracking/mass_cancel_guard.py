"""The guard against a false mass cancellation: many refunds at one provider wait for staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q

from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import Order, Review, ReviewKind, ReviewQuerySet, Status, Watch

# so many orders of one provider may end with a refund in one cycle, whatever its size
MAX_ENDINGS = 20
MAX_SHARE = 10  # percent of the provider's orders that run, or ended in that cycle, that may
MAX_SPACING = 15  # times TRACK_MIN_INTERVAL: between two looks at an old order


def hold_mass_endings(orders: Sequence[Order], *, now: datetime) -> set[int]:
    """The keys of those of `orders`, all of one provider and about to be refunded, that must wait.

    Where more than MAX_ENDINGS orders *and* more than MAX_SHARE percent of the provider's orders
    are reported as canceled or partial within one cycle of checks, every further one gets a review:
    checks are spread over a cycle, and so are the reports of a provider that says it of all. An
    order whose review staff have closed since is free to end.
    """
    if not orders:
        return set()
    provider_id = orders[0].provider_id
    endings = Watch.objects.filter(provider_id=provider_id).exclude(ending="")
    let_through = endings.filter(Exists(_reviews_of_ending().closed()))
    ended = _ended(provider_id, now=now)
    refunding = endings.count() - let_through.count() + ended["refunded"]
    active = Watch.objects.filter(provider_id=provider_id).count() + ended["all"]
    is_mass = refunding > MAX_ENDINGS and refunding * 100 > active * MAX_SHARE
    keys = [order.pk for order in orders]
    free = set(let_through.filter(order_id__in=keys).values_list("order_id", flat=True))
    reviews = Review.objects.open().of_kind(ReviewKind.MASS_CANCEL).filter(order_id__in=keys)
    known = set(reviews.values_list("order_id", flat=True))
    held = {order.pk for order in orders if order.pk in known or (is_mass and order.pk not in free)}
    for order in orders:
        if order.pk in held - known:
            text = (
                f"{refunding} of {active} running orders ended with a refund within a short time. "
                "Check with the provider before you let them end."
            )
            order.open_review(kind=ReviewKind.MASS_CANCEL, text=text, now=now)
    return held


def settle_vanished_endings(orders: Sequence[Order], *, now: datetime) -> None:
    """Close the reviews of orders that the provider reports as running again."""
    why = "The provider reports the order as running again"
    withdraw_reviews(orders=orders, kinds=[ReviewKind.MASS_CANCEL], why=why, now=now)


def _ended(provider_id: int, *, now: datetime) -> dict[str, int]:
    """How many orders ended in one cycle: all, and those refunded without a decision by staff."""
    cycle = timedelta(seconds=MAX_SPACING * settings.TRACK_MIN_INTERVAL + settings.REFUND_CONFIRM)
    ended = Order.objects.filter(
        provider_id=provider_id, upstream_id__isnull=False, ended_at__gt=now - cycle
    )
    decided = Review.objects.of_kind(ReviewKind.MASS_CANCEL).filter(
        order=OuterRef("pk"), closed_by__isnull=False
    )
    is_refunded = Q(status__in=[Status.PARTIAL, Status.CANCELED], refunded__gt=0, is_decided=False)
    ended = ended.annotate(is_decided=Exists(decided))
    return ended.aggregate(all=Count("pk"), refunded=Count("pk", filter=is_refunded))


def _reviews_of_ending() -> ReviewQuerySet:
    """The reviews of the outer watch's order since its ending was first seen."""
    return Review.objects.of_kind(ReviewKind.MASS_CANCEL).filter(
        order_id=OuterRef("order_id"), raised_at__gte=OuterRef("ending_seen_at")
    )
