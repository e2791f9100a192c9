"""A wallet's statement: its movements, the newest first, in words, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from accounts.models import User
from billing.models import Account, Transfer, TransferKind

PAGE = 50  # movements


@dataclass(frozen=True, slots=True)
class Movement:
    """One line: `amount` is signed as the owner sees it; `url` leads to the order that it
    belongs to, or is empty.
    """

    at: datetime
    title: str
    url: str
    amount: Decimal
    balance_after: Decimal
    reason: str  # for the owner to read
    reference: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One page.

    `newer` and `older` are the steps to read on from, None where there is no such page.
    """

    balance: Decimal
    credit_limit: Decimal
    movements: list[Movement]
    newer: int | None
    older: int | None


def read_statement(
    *, owner: User, order_url_name: str, before: int | None = None, after: int | None = None
) -> Statement:
    """The movements before or after a step of the wallet, else the newest; orders are linked by
    the name of a URL.
    """
    wallet = Account.objects.filter(owner=owner).first()
    if wallet is None:
        return Statement(Decimal(0), Decimal(0), [], None, None)
    rows, is_more = _page(wallet, before=before, after=after)
    is_newer, is_older = (is_more, True) if after is not None else (before is not None, is_more)
    return Statement(
        balance=wallet.balance,
        credit_limit=wallet.credit_limit,
        movements=[_describe(row, order_url_name=order_url_name) for row in rows],
        newer=rows[0].wallet_seq if rows and is_newer else None,
        older=rows[-1].wallet_seq if rows and is_older else None,
    )


def _page(wallet: Account, *, before: int | None, after: int | None) -> tuple[list[Transfer], bool]:
    """The rows, the newest first, and whether there are more in the direction of reading."""
    movements = wallet.movements.all()
    if after is not None:
        rows = list(movements.filter(wallet_seq__gt=after).order_by("wallet_seq")[: PAGE + 1])
        return rows[:PAGE][::-1], len(rows) > PAGE
    if before is not None:
        movements = movements.filter(wallet_seq__lt=before)
    rows = list(movements.order_by("-wallet_seq")[: PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE


def _describe(transfer: Transfer, *, order_url_name: str) -> Movement:
    subject, number, *_ = [*transfer.reference.split(":"), ""]
    is_order = subject == "order" and number.isdigit()
    is_by_hand = transfer.kind in {TransferKind.TOP_UP, TransferKind.CORRECTION}
    return Movement(
        at=transfer.created_at,
        title=_title(transfer, number if is_order else ""),
        url=reverse(order_url_name, args=[int(number)]) if is_order else "",
        amount=transfer.signed_amount,
        balance_after=transfer.balance_after,
        reason=transfer.reason if is_by_hand else "",  # what staff note on a refund is for staff
        reference=transfer.reference,
    )


def _title(transfer: Transfer, order: str) -> str:
    kind = TransferKind(transfer.kind)
    if order:
        return f"Refund for order {order}" if kind == TransferKind.REFUND else f"Order {order}"
    if kind == TransferKind.TOP_UP:
        gateway = transfer.reference.split(":")[1]
        return "Funds added" if gateway == "manual" else f"Funds added by {gateway}"
    return kind.label
