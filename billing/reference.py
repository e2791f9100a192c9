"""References: what a movement of money is called, so that it is booked once, ever.

They are made here alone, from typed parts, and read back by nobody: what a transfer is about stands
in columns of its own. Stored references rest on these texts, so they must not change.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.models import SubjectKind
from lib.decimals import five_decimals


@dataclass(frozen=True, slots=True)
class Reference:
    """The text that is unique, and the columns that say the same to queries."""

    text: str
    subject_kind: SubjectKind | None = None
    subject_id: int | None = None
    gateway: str = ""


def order_charge(order_id: int) -> Reference:
    """The charge of an order."""
    return _of_order(order_id, "charge")


def order_post(order_id: int, *, number: int) -> Reference:
    """The charge of one post of a subscription; posts are numbered from 1."""
    return _of_order(order_id, f"post:{number}")


def order_refund(order_id: int, *, up_to: Decimal, times_undone: int = 0) -> Reference:
    """What brings an order's refunds up to that sum; after an undone end they begin anew."""
    again = f":again:{times_undone}" if times_undone else ""
    return _of_order(order_id, f"refund_to:{five_decimals(up_to)}{again}")


def order_refund_undone(order_id: int, *, number: int) -> Reference:
    """What takes an order's refunds back; undone ends are numbered from 1."""
    return _of_order(order_id, f"refund_undone:{number}")


def payment(*, gateway: str, payment_id: str) -> Reference:
    """A payment, by the id that the gateway gave it."""
    return Reference(f"pay:{gateway}:{payment_id}", gateway=gateway)


def correction(correction_id: UUID) -> Reference:
    """A correction by hand."""
    return Reference(f"adj:{correction_id}")


def _of_order(order_id: int, part: str) -> Reference:
    return Reference(
        f"order:{order_id}:{part}", subject_kind=SubjectKind.ORDER, subject_id=order_id
    )
