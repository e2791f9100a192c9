"""Agreeing: that a dear order was not placed is said by two people, since a mistake places or
refunds it twice.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from orders.models import AttemptState, EventKind, Order, Proposal, Status
from orders.unclear.decide import AlreadyDecided, CannotDecide, NoReason, refund, resend

DECISIONS: Final[Mapping[str, Callable[..., Order]]] = {"resend": resend, "refund": refund}


class SamePerson(CannotDecide):
    """Whoever proposed a decision cannot confirm it."""


class AlreadyProposed(CannotDecide):
    """A decision about this order waits for its second person already."""


def needs_two(order: Order) -> bool:
    """Whether a second person must agree: an unclear order above SECOND_PERSON_ABOVE (its
    charge, panel's currency).
    """
    return order.status == Status.UNCLEAR and order.charge > settings.SECOND_PERSON_ABOVE


@transaction.atomic
def decide(
    *, decision: str, order: Order, actor: User, reason: str, now: datetime
) -> Proposal | None:
    """Carry out "resend" or "refund", or keep it as a proposal where a second person must agree
    (then it is returned).

    Raises deciding.CannotDecide; nothing is changed then.
    """
    # As it stands now: one that was held when the page was made may have been sent since, and be
    # unclear.
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    if not needs_two(order):
        DECISIONS[decision](order=order, actor=actor, reason=reason, now=now)
        return None
    return _propose(decision=decision, order=order, actor=actor, reason=reason, now=now)


@transaction.atomic
def confirm(*, proposal: Proposal, actor: User, now: datetime) -> Order:
    """A different person agrees: the decision is carried out in that person's name, with the reason
    of the first.

    Raises SamePerson, or deciding.CannotDecide where it was settled meanwhile; nothing is changed
    then.
    """
    proposal = _lock(proposal)
    if proposal.proposed_by_id == actor.pk:
        raise SamePerson("A second person must confirm what you have proposed.")
    proposal.closed_at, proposal.closed_by, proposal.is_confirmed = now, actor, True
    proposal.save(update_fields=["closed_at", "closed_by", "is_confirmed"])
    reason = f"{proposal.reason} (proposed by {proposal.proposed_by}, confirmed by {actor})"
    return DECISIONS[proposal.decision](
        order=proposal.attempt.order, actor=actor, reason=reason, now=now
    )


@transaction.atomic
def withdraw(*, proposal: Proposal, actor: User, now: datetime) -> None:
    """Whoever proposed it, or the second person, says no: the order stays unclear.

    Raises deciding.CannotDecide.
    """
    proposal = _lock(proposal)
    proposal.closed_at, proposal.closed_by = now, actor
    proposal.save(update_fields=["closed_at", "closed_by"])
    text = f"Not done: {proposal.get_decision_display().lower()}"
    proposal.attempt.order.record(
        kind=EventKind.DECISION,
        text=text,
        now=now,
        actor=actor,
        is_internal=True,
    )


def _propose(*, decision: str, order: Order, actor: User, reason: str, now: datetime) -> Proposal:
    attempt = order.attempts.filter(state=AttemptState.UNKNOWN).first()
    if attempt is None:
        raise AlreadyDecided("This order is settled by now: there is nothing to decide.")
    if not reason.strip():
        raise NoReason("Say why: a decision is kept with its reason.")
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
            "A decision about this order waits for a second person already."
        ) from None
    text = f"Proposed to {proposal.get_decision_display().lower()}: {proposal.reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
    return proposal


def _lock(proposal: Proposal) -> Proposal:
    """The order's row first, as everywhere; a proposal about an attempt that is settled is void."""
    Order.objects.select_for_update(of=("self",), no_key=True).get(attempts=proposal.attempt_id)
    rows = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related(
        "attempt__order", "proposed_by"
    )
    fresh = rows.get(pk=proposal.pk)
    if fresh.closed_at is not None or fresh.attempt.state != AttemptState.UNKNOWN:
        raise AlreadyDecided("This proposal is settled by now.")
    return fresh
