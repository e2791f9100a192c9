"""Writing on an order's timeline."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from orders.models import Event, EventKind, Order, Review, ReviewKind

TEXT_LENGTH = 500  # characters of Event.text and Doubt.text


def record(
    *,
    order: Order,
    kind: EventKind,
    text: str,
    now: datetime,
    actor: User | None = None,
    is_internal: bool = False,
    detail: dict[str, Any] | None = None,
) -> Event:
    """Add one line.

    The customer reads `text` unless `is_internal`; `detail` (raw replies, masked) is for staff.
    """
    return Event.objects.create(
        order=order,
        kind=kind,
        text=text[:TEXT_LENGTH],
        at=now,
        actor=actor,
        is_internal=is_internal,
        detail=detail or {},
    )


def open_review(
    *,
    order: Order,
    kind: ReviewKind,
    text: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Show staff something that a machine must not decide; an open doubt of the same kind is
    left as it is.
    """
    _, is_new = Review.objects.get_or_create(
        order=order,
        kind=kind,
        closed_at=None,
        defaults={"text": text[:TEXT_LENGTH], "raised_at": now, "detail": detail or {}},
    )
    if is_new:
        record(
            order=order, kind=EventKind.REVIEW, text=text, now=now, is_internal=True, detail=detail
        )


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
