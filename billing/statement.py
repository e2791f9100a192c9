"""A wallet's statement: its movements, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from accounts.models import User
from billing.ledger import BY_HAND
from billing.models import Account, SubjectKind, Transfer, TransferKind
from lib.keyset import newest_first

PAGE = 50  # movements


@dataclass(frozen=True, slots=True)
class Movement:
    """One line; `amount` is negative out of the wallet, `url` that of the order, or empty."""

    at: datetime
    title: str
    url: str
    amount: Decimal
    balance_after: Decimal
    reason: str  # for the owner to read
    reference: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One page; `newer` and `older` as in keyset pages."""

    balance: Decimal
    credit_limit: Decimal
    movements: list[Movement]
    newer: int | None
    older: int | None


def read_statement(
    *, owner: User, order_url_name: str, before: int | None = None, after: int | None = None
) -> Statement:
    """The newest movements, or those before or after a step of the wallet."""
    wallet = Account.objects.filter(owner=owner).first()
    if wallet is None:
        return Statement(Decimal(0), Decimal(0), [], None, None)
    page = newest_first(
        wallet.movements.all(), size=PAGE, key="wallet_seq", before=before, after=after
    )
    return Statement(
        balance=wallet.balance,
        credit_limit=wallet.credit_limit,
        movements=[_describe(row, order_url_name=order_url_name) for row in page.rows],
        newer=page.newer_than,
        older=page.older_than,
    )


def _describe(transfer: Transfer, *, order_url_name: str) -> Movement:
    is_order = transfer.subject_kind == SubjectKind.ORDER
    is_by_hand = not is_order and transfer.kind in {TransferKind.TOP_UP, TransferKind.CORRECTION}
    return Movement(
        at=transfer.created_at,
        title=_title(transfer),
        url=reverse(order_url_name, args=[transfer.subject_id]) if is_order else "",
        amount=transfer.signed_amount,
        balance_after=transfer.balance_after,
        reason=transfer.reason if is_by_hand else "",  # what staff note on a refund is for staff
        reference=transfer.reference,
    )


def _title(transfer: Transfer) -> str:
    kind = TransferKind(transfer.kind)
    if transfer.subject_kind == SubjectKind.ORDER:
        number = transfer.subject_id
        if kind == TransferKind.CORRECTION:
            return f"Refund for order {number} reversed"
        return f"Refund for order {number}" if kind == TransferKind.REFUND else f"Order {number}"
    if kind == TransferKind.TOP_UP:
        gateway = transfer.gateway
        return "Funds added" if gateway == BY_HAND else f"Funds added by {gateway}"
    return kind.label
