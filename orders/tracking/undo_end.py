"""Staff take back an end that they decided by mistake: the order runs again, its refund returns."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from billing import ledger
from billing.reference import order_refund_undone
from lib.decimals import plain
from orders.lifecycle.start import watch
from orders.models import EventKind, Order, Review, ReviewQuerySet

UNDO_WITHIN: Final = timedelta(minutes=15)  # afterwards the customer relies on it


class CannotUndo(Exception):
    """The end stays as it is and nothing was changed; the text tells staff why."""


def can_undo(order: Order, *, now: datetime) -> bool:
    """Whether staff ended the order, and not long ago."""
    if order.ended_at is None or now - order.ended_at > UNDO_WITHIN or order.is_subscription:
        return False
    return _closed_with_it(order).exists()


@transaction.atomic
def undo_end(*, order: Order, actor: User, reason: str, now: datetime) -> None:
    """Let the order run again, under the reviews that its end closed, with its refund taken back.

    Raises CannotUndo where it is too late, or where the customer has spent the refund.
    """
    order = Order.objects.locked().select_related("user", "service").get(pk=order.pk)
    if not can_undo(order, now=now):
        raise CannotUndo("The end of this order cannot be undone any more.")
    if order.refills.open().exists():
        raise CannotUndo("The customer has asked for a refill since. Decide on that first.")
    reviews = _closed_with_it(order)
    if order.refunded:
        _take_back(order, actor=actor, reason=reason, now=now)
    reviews.reopen()
    order.reopen()
    watch(order_id=order.pk, provider_id=order.provider_id, now=now)
    text = f"End undone by staff: {reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)


def _closed_with_it(order: Order) -> ReviewQuerySet:
    """The reviews that staff closed by ending the order."""
    return Review.objects.filter(order=order, closed_at=order.ended_at, closed_by__isnull=False)


def _take_back(order: Order, *, actor: User, reason: str, now: datetime) -> None:
    number = order.times_undone + 1
    try:
        ledger.take_back(
            customer=order.user,
            amount=order.refunded,
            reference=order_refund_undone(order.pk, number=number),
            now=now,
            actor=actor,
            reason=reason,
        )
    except ledger.InsufficientFunds as short:
        raise CannotUndo(f"The customer has spent the refund: {short}.") from None
    text = f"Refund of {plain(order.refunded)} reversed"
    order.record(kind=EventKind.REFUNDED, text=text, now=now, actor=actor)
