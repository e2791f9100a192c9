"""Settling what a machine must not decide: staff close a doubt, or say how a doubtful order ended."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from orders.lifecycle.end import cancel_in_full, complete, end_partially
from orders.models import EventKind, Order, Review, ReviewKind, Status
from orders.tracking.charge_posts import forgive_posts


class AlreadySettled(Exception):
    """Somebody else has closed the doubt, or the order has ended, meanwhile."""


class NotUnderReview(Exception):
    """The order has no open doubt: its end is the provider's to report."""


class WrongRemains(Exception):
    """What remains is not between 0 and the quantity that was bought."""


@transaction.atomic
def close_review(*, review: Review, actor: User, reason: str, now: datetime) -> None:
    """Staff have looked: the order goes on as it is. Raises AlreadySettled.

    A closed mass-cancel doubt lets the end that the provider reports through; a closed debt is
    forgiven.
    """
    order = _lock(review.order)
    if not _close(order=order, actor=actor, reason=reason, now=now, pk=review.pk):
        raise AlreadySettled("This doubt is closed already.")
    text = f"{review.get_kind_display()}: looked at. {reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
    if review.kind == ReviewKind.UNPAID_POSTS:
        forgive_posts(order=order, now=now, actor=actor)


@transaction.atomic
def end_order(
    *,
    order: Order,
    status: Status,
    undelivered: int | None,
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    """Staff say how a running order with an open doubt ended, and so what is refunded.

    `undelivered` counts units of the billed quantity and belongs to PARTIAL alone; of a
    subscription they are posts, and those that were not paid are forgiven then. Closes the order's
    doubts. Raises AlreadySettled, NotDoubtful or WrongRemains; nothing is changed then.
    """
    order = _lock(order)
    if order.status != Status.RUNNING:
        raise AlreadySettled("This order does not run any more.")
    if not order.reviews.filter(closed_at=None).exists():
        raise NotUnderReview("This order has no open doubt.")
    if status == Status.PARTIAL and (
        undelivered is None or not 0 <= undelivered <= order.billed_quantity
    ):
        raise WrongRemains(f"Remains must be a number from 0 to {order.billed_quantity}.")
    _close(order=order, actor=actor, reason=reason, now=now)
    text = f"Ended by staff as {status.label}: {reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
    if status == Status.COMPLETED:
        complete(order=order, now=now)
    elif status == Status.PARTIAL:
        forgive_posts(order=order, now=now, actor=actor)
        end_partially(
            order=order, undelivered=undelivered or 0, now=now, actor=actor, reason=reason
        )
    else:
        cancel_in_full(order=order, text="canceled by staff", now=now, actor=actor, reason=reason)


def _lock(order: Order) -> Order:
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("user", "service")
        .get(pk=order.pk)
    )


def _close(*, order: Order, actor: User, reason: str, now: datetime, pk: int | None = None) -> int:
    """Close the order's open doubts, or one of them; returns how many were open."""
    reviews = order.reviews.filter(closed_at=None)
    reviews = reviews.filter(pk=pk) if pk is not None else reviews
    return reviews.update(closed_at=now, closed_by=actor, decision=reason[:300])
