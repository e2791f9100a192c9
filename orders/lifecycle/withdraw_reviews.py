"""Closing what was shown to staff, once it has been answered."""

from collections.abc import Collection, Sequence
from datetime import datetime

from orders.models import Order, Review, ReviewKind


def withdraw_reviews(
    *, orders: Sequence[Order], kinds: Collection[ReviewKind], why: str, now: datetime
) -> None:
    """Close the open doubts of these kinds: what was in question has been answered since.

    One query, no person.
    """
    if orders:
        keys = [order.pk for order in orders]
        Review.objects.filter(order_id__in=keys, kind__in=kinds, closed_at=None).update(
            closed_at=now, decision=why
        )
