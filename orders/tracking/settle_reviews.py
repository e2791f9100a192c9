"""Staff close a review, or say how the order under review ended."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from orders.lifecycle.end import cancel_in_full, complete, end_partially, owed_at_end
from orders.models import EventKind, Order, Review, ReviewKind, Status
from orders.tracking.charge_posts import waive_posts


class AlreadySettled(Exception):
    """Somebody else has closed the review, or the order has ended, meanwhile."""


class NotUnderReview(Exception):
    """The order has no open review: its end is the provider's to report."""


class WrongRemains(Exception):
    """What remains is not between 0 and the quantity, or was said of an end that has none."""


@transaction.atomic
def close_review(*, review: Review, actor: User, reason: str, now: datetime) -> None:
    """Staff have looked: the order goes on as it is. Raises AlreadySettled.

    A closed mass-cancel review lets the end that the provider reports through; a closed debt is
    waived.
    """
    order = _locked(review.order)
    if not order.reviews.filter(pk=review.pk).close(decision=reason, now=now, actor=actor):
        raise AlreadySettled("This review is already closed.")
    _record(order, f"{review.get_kind_display()}: closed. {reason}", actor=actor, now=now)
    if review.kind == ReviewKind.UNPAID_POSTS:
        waive_posts(order=order, now=now, actor=actor)


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
    """Staff say how a running order under review ended, and so what is refunded.

    `undelivered` counts units of the billed quantity and belongs to PARTIAL alone; of a
    subscription they are posts, and those that were not paid are waived then; with any other end
    they are a mistake. Closes the order's
    reviews. Raises AlreadySettled, NotUnderReview or WrongRemains; nothing is changed then.
    """
    order = _locked(order)
    refund_at_end(order=order, status=status, undelivered=undelivered)
    order.reviews.close(decision=reason, now=now, actor=actor)
    _record(order, f"Ended by staff as {status.label}: {reason}", actor=actor, now=now)
    if status == Status.COMPLETED:
        complete(order=order, now=now)
    elif status == Status.PARTIAL:
        waive_posts(order=order, now=now, actor=actor)
        end_partially(
            order=order, undelivered=undelivered or 0, now=now, actor=actor, reason=reason
        )
    else:
        cancel_in_full(order=order, text="canceled by staff", now=now, actor=actor, reason=reason)


def refund_at_end(*, order: Order, status: Status, undelivered: int | None) -> Decimal:
    """What `end_order` would pay back now. Raises as it does."""
    if order.status != Status.RUNNING:
        raise AlreadySettled("This order is no longer running.")
    if not order.reviews.open().exists():
        raise NotUnderReview("This order has no open review.")
    if status == Status.PARTIAL and (
        undelivered is None or not 0 <= undelivered <= order.billed_quantity
    ):
        raise WrongRemains(f"Remains must be a number from 0 to {order.billed_quantity}.")
    if status != Status.PARTIAL and undelivered is not None:
        raise WrongRemains("Only a partial order has undelivered units.")
    owed = owed_at_end(order=order, status=status, undelivered=undelivered or 0)
    return max(owed - order.refunded, Decimal(0))


def _locked(order: Order) -> Order:
    return Order.objects.locked().select_related("user", "service").get(pk=order.pk)


def _record(order: Order, text: str, *, actor: User, now: datetime) -> None:
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
