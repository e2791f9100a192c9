"""Adjusting: money that an admin moves by hand. Much of it takes two people, since one may err, or
steal.

Above SECOND_PERSON_ABOVE (either way, panel's currency) it is kept as a proposal, which another
admin agrees to; where there is no other, it is booked at once. Lock order: the proposal's row, then
the wallet.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import Role, User
from billing import ledger
from billing.models import Adjustment, AdjustmentKind, AdjustmentOutcome, Transfer


class CannotAgree(Exception):
    """The proposal cannot be answered so; nothing was changed. The message says why."""


class SamePerson(CannotAgree):
    """Whoever proposed an adjustment cannot agree to it."""


class AlreadyClosed(CannotAgree):
    """Somebody has agreed to it or withdrawn it before, or its form was booked."""


def needs_two(amount: Decimal) -> bool:
    """Whether a second person must agree to move that much, in or out."""
    return abs(amount) > settings.SECOND_PERSON_ABOVE


def is_alone(actor: User) -> bool:
    """Whether the panel has no other admin who could agree."""
    return not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=actor.pk).exists()


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
    """Move the money now, in the actor's name; None where this form was booked before.

    Raises ledger.LedgerError.
    """
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
    """Keep it for a second admin; also whether it is new: a form that is sent again proposes
    nothing more.

    Raises ledger.LedgerError where it could not be booked now, and where the form was sent before
    with other values; nothing is kept then.
    """
    values = {"kind": kind, "customer": customer, "amount": amount}
    adjustment, is_new = Adjustment.objects.get_or_create(
        act_id=act_id,
        defaults={**values, "reason": reason, "proposed_by": actor, "proposed_at": now},
    )
    if is_new:
        _rehearse(adjustment, actor=actor, now=now)
    elif (adjustment.kind, adjustment.customer_id, adjustment.amount) != (
        kind,
        customer.pk,
        amount,
    ):
        raise ledger.ReferenceReused(f"form {act_id} proposed another adjustment before")
    return adjustment, is_new


@transaction.atomic
def agree(*, adjustment: Adjustment, actor: User, now: datetime) -> Transfer:
    """A different admin agrees: the money moves, in that person's name; who proposed it stays on
    the proposal.

    Raises SamePerson or AlreadyClosed, and ledger.LedgerError where it cannot be booked now: then
    it waits on.
    """
    adjustment = Adjustment.objects.locked().select_related("customer").get(pk=adjustment.pk)
    _check_open(adjustment)
    if adjustment.proposed_by_id == actor.pk:
        raise SamePerson("A second admin must agree to what you have proposed.")
    adjustment.close(outcome=AdjustmentOutcome.AGREED, actor=actor, now=now)
    transfer = _book(adjustment, actor=actor, now=now)
    if transfer is None:
        raise AlreadyClosed(
            "This form was booked before, when it needed no second admin: withdraw the proposal."
        )
    return transfer


@transaction.atomic
def withdraw(*, adjustment: Adjustment, actor: User, now: datetime) -> None:
    """Whoever proposed it, or another admin, says no: nothing moves. Raises AlreadyClosed."""
    adjustment = Adjustment.objects.locked().get(pk=adjustment.pk)
    _check_open(adjustment)
    adjustment.close(outcome=AdjustmentOutcome.WITHDRAWN, actor=actor, now=now)


def _check_open(adjustment: Adjustment) -> None:
    if adjustment.closed_at is not None:
        raise AlreadyClosed(f"This proposal was {adjustment.get_outcome_display().lower()} before.")


def _rehearse(adjustment: Adjustment, *, actor: User, now: datetime) -> None:
    """Book it and take that back: who proposes learns at once what the ledger would refuse, by the
    ledger's own rules.

    Raises ledger.LedgerError.
    """
    with transaction.atomic():
        transfer = _book(adjustment, actor=actor, now=now)
        transaction.set_rollback(True)
    if transfer is None:
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
