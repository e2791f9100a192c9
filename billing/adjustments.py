"""Top-ups and corrections by hand; large ones need a second admin.

Above SECOND_PERSON_ABOVE (either way, panel currency) an adjustment is kept as a proposal until
another admin confirms it; where there is no other admin, it is booked at once. Lock order: the
proposal, then the wallet.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import Role, User
from billing import ledger
from billing.models import Account, Adjustment, AdjustmentKind, AdjustmentOutcome, Transfer
from lib.decimals import plain


class CannotAgree(Exception):
    """The proposal cannot be closed this way; nothing changed. The message says why."""


class SamePerson(CannotAgree):
    """The proposer cannot confirm their own proposal."""


class AlreadyClosed(CannotAgree):
    """It was already confirmed, withdrawn or booked."""


def money(amount: Decimal) -> str:
    """An amount as admins read it: 1,234.50 USD."""
    return f"{plain(amount)} {settings.PANEL_CURRENCY}"


def needs_two(amount: Decimal) -> bool:
    """Whether moving that much, in or out, takes a second admin."""
    return abs(amount) > settings.SECOND_PERSON_ABOVE


def is_alone(actor: User) -> bool:
    """Whether the panel has no other active admin."""
    return not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=actor.pk).exists()


def balance_after(*, customer: User, amount: Decimal) -> Decimal:
    """What the wallet would hold afterwards."""
    wallet = Account.objects.filter(owner=customer).values_list("balance", flat=True).first()
    return (wallet or Decimal(0)) + amount


def book(
    *,
    kind: AdjustmentKind,
    customer: User,
    amount: Decimal,
    act_id: UUID,
    actor: User,
    reason: str,
    now: datetime,
) -> Transfer | None:
    """Move the money now; None where this form was booked before. Raises ledger.LedgerError."""
    if kind == AdjustmentKind.TOP_UP:
        return ledger.top_up(
            customer=customer,
            amount=amount,
            gateway=ledger.BY_HAND,
            payment_id=str(act_id),
            actor=actor,
            reason=reason,
            now=now,
        )
    return ledger.correct(
        customer=customer, amount=amount, correction_id=act_id, actor=actor, reason=reason, now=now
    )


def is_bookable(
    *,
    kind: AdjustmentKind,
    customer: User,
    amount: Decimal,
    act_id: UUID,
    actor: User,
    reason: str,
    now: datetime,
) -> bool:
    """Book it and roll that back; False where this form was booked before.

    Raises ledger.LedgerError, so that the admin learns at once what the ledger rejects.
    """
    with transaction.atomic():
        transfer = book(
            kind=kind,
            customer=customer,
            amount=amount,
            act_id=act_id,
            actor=actor,
            reason=reason,
            now=now,
        )
        transaction.set_rollback(True)
    return transfer is not None


@transaction.atomic
def propose(
    *,
    kind: AdjustmentKind,
    customer: User,
    amount: Decimal,
    act_id: UUID,
    actor: User,
    reason: str,
    now: datetime,
) -> tuple[Adjustment, bool]:
    """The proposal, and whether it is new: a form sent again proposes nothing more.

    Raises ledger.LedgerError where it could not be booked now or the form was sent before with
    other values; nothing is kept then.
    """
    values = {"kind": kind, "customer": customer, "amount": amount}
    adjustment, is_new = Adjustment.objects.get_or_create(
        act_id=act_id,
        defaults={**values, "reason": reason, "proposed_by": actor, "proposed_at": now},
    )
    if is_new:
        _check_bookable(adjustment, actor=actor, now=now)
    elif (adjustment.kind, adjustment.customer_id, adjustment.amount) != (
        kind,
        customer.pk,
        amount,
    ):
        raise ledger.ReferenceReused(f"form {act_id} proposed another adjustment before")
    return adjustment, is_new


@transaction.atomic
def agree(*, adjustment: Adjustment, actor: User, now: datetime) -> Transfer:
    """Book what another admin proposed.

    Raises SamePerson, AlreadyClosed, or ledger.LedgerError where it cannot be booked now: the
    proposal then stays open.
    """
    adjustment = Adjustment.objects.locked().select_related("customer").get(pk=adjustment.pk)
    _check_open(adjustment)
    if adjustment.proposed_by_id == actor.pk:
        raise SamePerson("Another admin must confirm your proposal.")
    adjustment.close(outcome=AdjustmentOutcome.AGREED, actor=actor, now=now)
    transfer = _book(adjustment, actor=actor, now=now)
    if transfer is None:
        raise AlreadyClosed(
            "This form was already booked without a second admin. Withdraw the proposal."
        )
    return transfer


@transaction.atomic
def withdraw(*, adjustment: Adjustment, actor: User, now: datetime) -> None:
    """Close the proposal without booking it. Raises AlreadyClosed."""
    adjustment = Adjustment.objects.locked().get(pk=adjustment.pk)
    _check_open(adjustment)
    adjustment.close(outcome=AdjustmentOutcome.WITHDRAWN, actor=actor, now=now)


def _check_open(adjustment: Adjustment) -> None:
    if adjustment.closed_at is not None:
        raise AlreadyClosed(
            f"This proposal was already {adjustment.get_outcome_display().lower()}."
        )


def _check_bookable(adjustment: Adjustment, *, actor: User, now: datetime) -> None:
    if not is_bookable(
        kind=AdjustmentKind(adjustment.kind),
        customer=adjustment.customer,
        amount=adjustment.amount,
        act_id=adjustment.act_id,
        actor=actor,
        reason=adjustment.reason,
        now=now,
    ):
        raise ledger.ReferenceReused(f"form {adjustment.act_id} was booked before")


def _book(adjustment: Adjustment, *, actor: User, now: datetime) -> Transfer | None:
    return book(
        kind=AdjustmentKind(adjustment.kind),
        customer=adjustment.customer,
        amount=adjustment.amount,
        act_id=adjustment.act_id,
        actor=actor,
        reason=adjustment.reason,
        now=now,
    )
