"""Refund an order *up to* what is owed, so that a repeated report adds nothing."""

from datetime import datetime
from decimal import Decimal

from accounts.models import User
from billing import ledger
from billing.reference import order_refund
from lib.decimals import five_decimals
from orders.models import EventKind, Order


def refund_up_to(
    *,
    order: Order,
    owed: Decimal,
    now: datetime,
    formula: str = "",
    actor: User | None = None,
    reason: str = "",
) -> Decimal:
    """Bring the order's refunds up to `owed` (panel currency); returns what moved.

    A second report, worker or crash adds nothing: the reference is the cumulative sum. The caller
    holds the order's row lock. Raises ValueError where more is owed than was charged.
    """
    if not 0 <= owed <= order.charge:
        raise ValueError(f"order {order.pk}: cannot owe {owed} of a charge of {order.charge}")
    amount = owed - order.refunded
    if amount <= 0:
        return Decimal(0)
    transfer = ledger.refund(
        customer=order.user,
        amount=amount,
        reference=order_refund(order.pk, up_to=owed, times_undone=order.times_undone),
        now=now,
        actor=actor,
        reason=reason,
    )
    if transfer is None:
        raise ledger.LedgerError(
            f"order {order.pk}: the ledger has a refund up to {owed} that the order has not"
        )
    order.refunded = owed
    order.save(update_fields=["refunded"])
    text = f"Refunded {five_decimals(amount)}" + (f": {formula}" if formula else "")
    sums = {"amount": amount, "owed": owed, "balance_after": transfer.balance_after}
    detail = {name: str(value) for name, value in sums.items()}
    order.record(kind=EventKind.REFUNDED, text=text, now=now, actor=actor, detail=detail)
    return amount
