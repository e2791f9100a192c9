"""Staff's decisions about an unclear order; an expensive one needs two people.

A mistake would place or refund it twice.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from orders.models import AttemptState, EventKind, Order, Proposal, Status
from orders.unclear.decisions import (
    AlreadyDecided,
    AlreadyOurs,
    CannotDecide,
    NoReason,
    NotConfirmed,
    StillSending,
    attach,
    refund,
    resend,
)

__all__ = [
    "AlreadyDecided",
    "AlreadyOurs",
    "AlreadyProposed",
    "CannotDecide",
    "NoReason",
    "NotConfirmed",
    "SamePerson",
    "StillSending",
    "attach",
    "confirm",
    "decide",
    "needs_two",
    "refund",
    "resend",
    "withdraw",
]

DECISIONS: Final[Mapping[str, Callable[..., Order]]] = {"resend": resend, "refund": refund}


class SamePerson(CannotDecide):
    """Whoever proposed a decision cannot confirm it."""


class AlreadyProposed(CannotDecide):
    """A decision about this order is already waiting for its second person."""


def needs_two(order: Order) -> bool:
    """Whether a second person must confirm: an unclear order above SECOND_PERSON_ABOVE."""
    return order.status == Status.UNCLEAR and order.charge > settings.SECOND_PERSON_ABOVE


@transaction.atomic
def decide(
    *, decision: str, order: Order, actor: User, reason: str, now: datetime
) -> Proposal | None:
    """Carry out "resend" or "refund"; where two must agree, keep and return it as a proposal.

    Raises CannotDecide; nothing is changed then.
    """
    # A held order may have been sent, and be unclear, since the page was made.
    order = Order.objects.locked().get(pk=order.pk)
    if needs_two(order):
        return _propose(decision=decision, order=order, actor=actor, reason=reason, now=now)
    DECISIONS[decision](order=order, actor=actor, reason=reason, now=now)
    return None


@transaction.atomic
def confirm(*, proposal: Proposal, actor: User, now: datetime) -> Order:
    """A second person agrees: the decision is carried out in their name.

    Raises SamePerson, or CannotDecide where it is settled by now; nothing is changed then.
    """
    proposal = _open_proposal(proposal)
    if proposal.proposed_by_id == actor.pk:
        raise SamePerson("A second person must confirm what you have proposed.")
    proposal.close(actor=actor, now=now, is_confirmed=True)
    reason = f"{proposal.reason} (proposed by {proposal.proposed_by}, confirmed by {actor})"
    return DECISIONS[proposal.decision](
        order=proposal.attempt.order, actor=actor, reason=reason, now=now
    )


@transaction.atomic
def withdraw(*, proposal: Proposal, actor: User, now: datetime) -> None:
    """Either person says no: the order stays unclear. Raises CannotDecide."""
    proposal = _open_proposal(proposal)
    proposal.close(actor=actor, now=now)
    text = f"Withdrawn: {proposal.get_decision_display().lower()}"
    _record(proposal.attempt.order, text, actor=actor, now=now)


def _propose(*, decision: str, order: Order, actor: User, reason: str, now: datetime) -> Proposal:
    attempt = order.attempts.unknown().first()
    if attempt is None:
        raise AlreadyDecided("This order is already settled. There is nothing to decide.")
    if not reason.strip():
        raise NoReason("Enter a reason.")
    try:
        with transaction.atomic():
            proposal = Proposal.objects.create(
                attempt=attempt,
                decision=decision,
                reason=reason.strip(),
                proposed_by=actor,
                proposed_at=now,
            )
    except IntegrityError:
        raise AlreadyProposed(
            "A decision about this order is already waiting for a second person."
        ) from None
    text = f"Proposed to {proposal.get_decision_display().lower()}: {proposal.reason}"
    _record(order, text, actor=actor, now=now)
    return proposal


def _open_proposal(proposal: Proposal) -> Proposal:
    """Locked, the order's row first; one about a settled attempt is void."""
    Order.objects.locked().get(attempts=proposal.attempt_id)
    rows = Proposal.objects.locked().select_related("attempt__order", "proposed_by")
    fresh = rows.get(pk=proposal.pk)
    if fresh.closed_at is not None or fresh.attempt.state != AttemptState.UNKNOWN:
        raise AlreadyDecided("This proposal is already closed.")
    return fresh


def _record(order: Order, text: str, *, actor: User, now: datetime) -> None:
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
