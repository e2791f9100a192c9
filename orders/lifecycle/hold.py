"""Holding an order because the reason is ours, and letting it go on."""

from datetime import datetime
from typing import Any

from orders.lifecycle.timeline import record
from orders.models import EventKind, HoldReason, Order, Status


def hold(
    *,
    order: Order,
    reason: HoldReason,
    text: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Set the order HELD: nothing is sent and nothing refunded until the reason is gone or staff
    decide.

    The caller holds the order's row lock in a transaction. Customers do not read why.
    """
    order.status = Status.HELD
    order.hold_reason = reason
    order.submit_at = None
    order.save(update_fields=["status", "hold_reason", "submit_at"])
    record(
        order=order,
        kind=EventKind.HELD,
        text=f"Held. {reason.label}. {text}".strip(),
        now=now,
        is_internal=True,
        detail=detail,
    )


def let_wait(*, order: Order, until: datetime) -> None:
    """Put the order back among the waiting, due at `until`.

    The caller holds its row lock and tells why.
    """
    order.status = Status.WAITING
    order.hold_reason = ""
    order.submit_at = until
    order.save(update_fields=["status", "hold_reason", "submit_at"])


def is_to_be_sent(order: Order) -> bool:
    """Whether a machine would send the order by itself: it waits, or is held for a reason that
    goes by itself.
    """
    return order.status == Status.WAITING or (
        order.status == Status.HELD and order.hold_reason != HoldReason.STAFF
    )
