"""The guard against a false mass cancellation: many refundable ends at one provider at once wait for staff."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from orders.models import Doubt, DoubtKind, Order, Watch
from orders.timeline import raise_doubt, withdraw_doubts

MOST_ENDINGS = 20  # so many orders of one provider may end with a refund at one time, whatever its size
MOST_SHARE = 10  # percent of the provider's running orders that may


def hold_mass_endings(orders: Sequence[Order], *, now: datetime) -> set[int]:
    """Which of `orders`, all of one provider and about to end with a refund, must wait for staff (primary keys).

    Where more than MOST_ENDINGS orders *and* more than MOST_SHARE percent of the provider's running orders are reported
    as canceled or partial, each gets a doubt. An order whose doubt staff have closed since is free to end.
    """
    if not orders:
        return set()
    provider_id = orders[0].provider_id
    endings = Watch.objects.filter(provider_id=provider_id).exclude(ending="")
    waved_through = endings.filter(Exists(_mass_doubts().filter(closed_at__isnull=False)))
    pending = endings.count() - waved_through.count()
    running = Watch.objects.filter(provider_id=provider_id).count()
    is_mass = pending > MOST_ENDINGS and pending * 100 > running * MOST_SHARE
    keys = [order.pk for order in orders]
    free = set(waved_through.filter(order_id__in=keys).values_list("order_id", flat=True))
    doubted = set(_open_doubts(keys).values_list("order_id", flat=True))
    held = {order.pk for order in orders if order.pk in doubted or (is_mass and order.pk not in free)}
    for order in orders:
        if order.pk in held - doubted:
            text = (
                f"{pending} of {running} running orders ended with a refund at once: staff decide whether it is true."
            )
            raise_doubt(order=order, kind=DoubtKind.MASS_CANCEL, text=text, now=now)
    return held


def settle_vanished_endings(orders: Sequence[Order], *, now: datetime) -> None:
    """Close the doubts of orders that the provider reports as running again after all."""
    why = "The provider reports the order as running again"
    withdraw_doubts(orders=orders, kinds=[DoubtKind.MASS_CANCEL], why=why, now=now)


def _mass_doubts() -> QuerySet[Doubt]:
    """The mass-cancel doubts that were raised on the outer watch's order since its ending was first seen."""
    return Doubt.objects.filter(
        order_id=OuterRef("order_id"), kind=DoubtKind.MASS_CANCEL, raised_at__gte=OuterRef("ending_seen_at")
    )


def _open_doubts(keys: Sequence[int]) -> QuerySet[Doubt]:
    return Doubt.objects.filter(order_id__in=keys, kind=DoubtKind.MASS_CANCEL, closed_at=None)
