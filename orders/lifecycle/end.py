"""End an order: its final status, the refund it owes, and what else was still open for it."""

from datetime import datetime
from decimal import Decimal

from accounts.models import User
from catalog.prices.arithmetic import owed_for
from lib.decimals import five_decimals
from orders.lifecycle.refund import refund_up_to
from orders.models import EventKind, Order, Status, Watch


def complete(*, order: Order, now: datetime) -> None:
    """Everything was delivered: nothing is owed."""
    order.remains = 0
    _end(order=order, status=Status.COMPLETED, owed=Decimal(0), formula="", now=now)


def owed_at_end(*, order: Order, status: Status, undelivered: int = 0) -> Decimal:
    """The total refund that this end owes; `undelivered` belongs to PARTIAL alone."""
    if status == Status.PARTIAL:
        return owed_for(
            charge=order.charge, undelivered=undelivered, billed_quantity=order.billed_quantity
        )
    is_whole = status == Status.CANCELED and not order.is_subscription
    return order.charge if is_whole else Decimal(0)


def end_partially(
    *, order: Order, undelivered: int, now: datetime, actor: User | None = None, reason: str = ""
) -> None:
    """Part was delivered: owed = charge × undelivered / billed quantity, down to 5 decimals.

    The caller makes sure that `undelivered` is from 0 to the billed quantity.
    """
    order.remains = undelivered
    owed = owed_at_end(order=order, status=Status.PARTIAL, undelivered=undelivered)
    formula = (
        f"{five_decimals(order.charge)} × {undelivered:,} / {order.billed_quantity:,}"
        f" = {five_decimals(owed)}"
    )
    _end(
        order=order,
        status=Status.PARTIAL,
        owed=owed,
        formula=formula,
        now=now,
        actor=actor,
        reason=reason,
    )


def cancel_in_full(
    *, order: Order, text: str, now: datetime, actor: User | None = None, reason: str = ""
) -> None:
    """Nothing was delivered: the whole charge is owed. `text` tells the customer why.

    A subscription is not served any more; posts that were served stay paid.
    """
    owed = owed_at_end(order=order, status=Status.CANCELED)
    _end(
        order=order,
        status=Status.CANCELED,
        owed=owed,
        formula=text,
        now=now,
        actor=actor,
        reason=reason,
    )


def _end(
    *,
    order: Order,
    status: Status,
    owed: Decimal,
    formula: str,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> None:
    """The caller holds the order's row lock; an order that has ended stays as it is."""
    if order.is_ended:
        return
    refund_up_to(order=order, owed=owed, now=now, formula=formula, actor=actor, reason=reason)
    order.end(status=status, now=now)
    Watch.objects.filter(order=order).delete()
    order.cancellations.not_sent().drop(now=now)
    order.cancellations.possibly_taken().end_with_order(status, now=now)
    order.record(kind=EventKind.ENDED, text=f"Ended: {status.label}", now=now, actor=actor)
