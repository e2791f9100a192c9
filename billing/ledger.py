"""The only code that moves money: one transfer between a customer's wallet and a house account.

Each function runs in the caller's transaction or its own, under the wallet's row lock; a caller who
also locks an order locks it first. A reference is booked once: repeated, it moves nothing. Amounts
are in the panel's currency.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from billing.halt import standing_halt
from billing.models import Account, AccountKind, Transfer, TransferKind
from billing.reference import Reference, correction, payment
from lib.decimals import five_decimals

STEP = Decimal("0.00001")  # booked money has five decimals
MAX_VALUE = Decimal(10) ** 15 - STEP  # what numeric(20,5) holds

SALES = "sales"
CORRECTIONS = "corrections"
BY_HAND: Final = "manual"  # the gateway of money that an admin books


class LedgerError(Exception):
    """The ledger rejects it; nothing was booked."""


class BadAmount(LedgerError):
    """Not positive, not finite, more than five decimals, or too large."""


class InsufficientFunds(LedgerError):
    """The wallet would fall below its credit limit."""

    def __init__(self, *, available: Decimal, amount: Decimal) -> None:
        super().__init__(
            f"{five_decimals(amount)} is needed, {five_decimals(available)} is available"
        )
        self.available = available  # balance and credit together
        self.amount = amount


class Halted(LedgerError):
    """A halt is in force: no top-up is booked."""


class ReferenceReused(LedgerError):
    """The reference was booked before for another wallet or amount."""


def open_wallet(*, owner: User) -> Account:
    """The owner's wallet, created if there is none."""
    wallet, _ = Account.objects.get_or_create(owner=owner, defaults={"kind": AccountKind.WALLET})
    return wallet


def check_funds(*, customer: User, amount: Decimal) -> None:
    """Raise InsufficientFunds where the wallet could not pay `amount`. Reserves nothing."""
    wallet = open_wallet(owner=customer)
    available = wallet.balance + wallet.credit_limit
    if amount > available:
        raise InsufficientFunds(available=available, amount=amount)


def lock_wallet(*, customer: User) -> None:
    """Let nothing else move this customer's money before the caller's transaction ends."""
    _locked_wallet(owner=customer)


def charge(
    *, customer: User, amount: Decimal, reference: Reference, now: datetime
) -> Transfer | None:
    """Move `amount` from the wallet to sales; None where the reference is booked.

    Raises LedgerError.
    """
    movement = _Movement(
        TransferKind.CHARGE, house=SALES, signed=-_checked(amount), reference=reference
    )
    return _post(movement, customer=customer, now=now)


def refund(
    *,
    customer: User,
    amount: Decimal,
    reference: Reference,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> Transfer | None:
    """Move `amount` from sales to the wallet; None where the reference is booked.

    Raises LedgerError.
    """
    movement = _Movement(
        TransferKind.REFUND, house=SALES, signed=_checked(amount), reference=reference
    )
    return _post(movement, customer=customer, now=now, actor=actor, reason=reason)


def take_back(
    *,
    customer: User,
    amount: Decimal,
    reference: Reference,
    now: datetime,
    actor: User,
    reason: str,
) -> Transfer | None:
    """Move a mistaken refund back from the wallet to sales; None where the reference is booked.

    Raises LedgerError.
    """
    movement = _Movement(
        TransferKind.CORRECTION, house=SALES, signed=-_checked(amount), reference=reference
    )
    return _post(movement, customer=customer, now=now, actor=actor, reason=reason)


def top_up(
    *,
    customer: User,
    amount: Decimal,
    gateway: str,
    payment_id: str,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> Transfer | None:
    """Add money that came in through `gateway`; None where the payment is booked.

    Raises LedgerError, Halted while a halt is in force.
    """
    if standing_halt() is not None:
        raise Halted("Top-ups are paused because the last audit found money that does not add up.")
    movement = _Movement(
        TransferKind.TOP_UP,
        house=f"topups:{gateway}",
        signed=_checked(amount),
        reference=payment(gateway=gateway, payment_id=payment_id),
    )
    return _post(movement, customer=customer, now=now, actor=actor, reason=reason)


def correct(
    *, customer: User, amount: Decimal, correction_id: UUID, actor: User, reason: str, now: datetime
) -> Transfer | None:
    """Add `amount` to the wallet, or take it where it is negative; None where it is booked.

    Raises LedgerError.
    """
    size = _checked(amount.copy_abs())
    movement = _Movement(
        TransferKind.CORRECTION,
        house=CORRECTIONS,
        signed=-size if amount < 0 else size,
        reference=correction(correction_id),
    )
    return _post(movement, customer=customer, now=now, actor=actor, reason=reason)


@dataclass(frozen=True)
class _Movement:
    kind: TransferKind
    house: str  # the code of the other side
    signed: Decimal  # as the wallet sees it
    reference: Reference


def _checked(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 < amount <= MAX_VALUE or amount != amount.quantize(STEP):
        raise BadAmount(
            f"{amount} cannot be booked: an amount is positive and has at most five decimals"
        )
    return amount


@transaction.atomic
def _post(
    movement: _Movement,
    *,
    customer: User,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> Transfer | None:
    house = _house_account(code=movement.house)
    wallet = _locked_wallet(owner=customer)
    balance = wallet.balance + movement.signed
    if movement.signed < 0 and balance < -wallet.credit_limit:
        if _is_booked(movement, wallet=wallet):
            return None
        raise InsufficientFunds(
            available=wallet.balance + wallet.credit_limit, amount=-movement.signed
        )
    if balance > MAX_VALUE:
        raise BadAmount(f"a balance of {five_decimals(balance)} cannot be held")
    debit, credit = (house, wallet) if movement.signed > 0 else (wallet, house)
    transfer = Transfer(
        debit=debit,
        credit=credit,
        amount=abs(movement.signed),
        kind=movement.kind,
        reference=movement.reference.text,
        subject_kind=movement.reference.subject_kind or "",
        subject_id=movement.reference.subject_id,
        gateway=movement.reference.gateway,
        wallet=wallet,
        wallet_seq=wallet.seq + 1,
        balance_after=balance,
        actor=actor,
        reason=reason,
        created_at=now,
    )
    if not _insert(transfer):
        _is_booked(movement, wallet=wallet)
        return None
    Account.objects.filter(pk=wallet.pk).update(balance=balance, seq=transfer.wallet_seq)
    return transfer


def _house_account(*, code: str) -> Account:
    account = Account.objects.filter(code=code).first()
    if account is None:
        # Of two first uses at once, the second waits here and finds the row.
        Account.objects.bulk_create(
            [Account(kind=AccountKind.HOUSE, code=code)], ignore_conflicts=True
        )
        account = Account.objects.get(code=code)
    return account


def _locked_wallet(*, owner: User) -> Account:
    locked = Account.objects.locked()
    try:
        return locked.get(owner=owner)
    except Account.DoesNotExist:
        return locked.get(pk=open_wallet(owner=owner).pk)


def _insert(transfer: Transfer) -> bool:
    """Insert unless the reference exists; waits for another session that inserts it."""
    fields = [field for field in Transfer._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    values = [
        field.get_db_prep_save(getattr(transfer, field.attname), connection) for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO billing_transfer ({columns}) VALUES ({marks})"  # noqa: S608  # our own column names
            " ON CONFLICT (reference) DO NOTHING RETURNING id",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return False
    transfer.pk = row[0]
    transfer._state.adding = False
    return True


def _is_booked(movement: _Movement, *, wallet: Account) -> bool:
    """Whether this movement was booked before. Raises ReferenceReused for a different one."""
    booked = Transfer.objects.filter(reference=movement.reference.text).first()
    if booked is None:
        return False
    if (booked.wallet_id, booked.signed_amount) != (wallet.pk, movement.signed):
        raise ReferenceReused(
            f"{movement.reference.text} was booked before, for another wallet or another amount"
        )
    return True
