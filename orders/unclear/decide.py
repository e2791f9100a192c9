"""Deciding: what staff do about an order that a machine must not settle on a guess."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from catalog.models import Provider
from catalog.provider_client import open_client
from catalog.upstream import IdError, OrderStatus, ProviderError
from lib.encryption import CannotUnseal
from orders.jobs.sender_locks import is_sender_dead
from orders.lifecycle.costs import present_cost
from orders.lifecycle.end import cancel_in_full
from orders.lifecycle.start import start
from orders.models import (
    Attempt,
    AttemptState,
    EventKind,
    HoldReason,
    Order,
    Proposal,
    ReviewKind,
    Status,
)

DECISION_LENGTH = 300  # characters of Doubt.decision
ID_LENGTH = 64  # characters of Order.upstream_id
NEVER_PLACED = "No attempt of this order may have been placed: there is nothing to decide."


class CannotDecide(Exception):
    """The decision was not carried out and nothing was changed; the text tells staff why."""


class AlreadyDecided(CannotDecide):
    """Somebody else, or the machine by a proof, was first."""


class StillSending(CannotDecide):
    """A living worker may still learn what became of the order."""


class AlreadyOurs(CannotDecide):
    """That upstream id is another order of ours."""


class NotConfirmed(CannotDecide):
    """The provider does not confirm that upstream id as one of our orders."""


class NoReason(CannotDecide):
    """A decision needs its reason."""


def attach(*, order: Order, upstream_id: str, actor: User, reason: str, now: datetime) -> Order:
    """An UNCLEAR order is the provider's order `upstream_id`: it runs from now on, and is watched.

    So is one that is held since it turned out to be placed after staff had decided otherwise. The
    provider is asked for the id first, so no transaction may be open. Raises NoReason,
    NotConfirmed, AlreadyOurs, AlreadyDecided or StillSending.
    """
    upstream_id, reason = upstream_id.strip(), _reason(reason)
    _check_open(order, Status.UNCLEAR, Status.HELD)
    if order.status == Status.HELD and order.hold_reason != HoldReason.STAFF:
        raise AlreadyDecided(NEVER_PLACED)
    answer = _confirm(order.provider, upstream_id)
    with transaction.atomic():
        order = _lock(order, Status.UNCLEAR, Status.HELD)
        attempt = _settle_attempt(
            order, AttemptState.PLACED, actor=actor, status=answer, reason=reason
        )
        if not start(order=order, upstream_id=upstream_id, now=now):
            raise AlreadyOurs(f"The provider's order {upstream_id} is another order of ours.")
        attempt.upstream_id = upstream_id
        attempt.save(update_fields=["upstream_id"])
        text = f"It is the provider's order {upstream_id}: {reason}"
        _note(order, text, actor=actor, now=now, detail={"status": answer})
        order.record(kind=EventKind.ACCEPTED, text="Accepted by the supplier", now=now)
    return order


@transaction.atomic
def resend(*, order: Order, actor: User, reason: str, now: datetime) -> Order:
    """It was not placed: an UNCLEAR or HELD order waits to be sent again. A loss that staff accept
    is not held again.

    Raises NoReason, AlreadyDecided or StillSending.
    """
    reason = _reason(reason)
    order = _lock(order, Status.UNCLEAR, Status.HELD)
    if order.attempts.filter(state=AttemptState.UNKNOWN).exists():
        _settle_attempt(order, AttemptState.NOT_PLACED, actor=actor, reason=reason)
    if order.hold_reason == HoldReason.LOSS:
        order.cost = present_cost(order)
        order.save(update_fields=["cost"])
    order.wait(until=now)
    _note(order, f"Not placed, sent again: {reason}", actor=actor, now=now)
    return order


@transaction.atomic
def refund(*, order: Order, actor: User, reason: str, now: datetime) -> Order:
    """It was not placed: an UNCLEAR or HELD order is canceled and its whole charge refunded.

    Raises NoReason, AlreadyDecided or StillSending.
    """
    reason = _reason(reason)
    order = _lock(order, Status.UNCLEAR, Status.HELD)
    if order.attempts.filter(state=AttemptState.UNKNOWN).exists():
        _settle_attempt(order, AttemptState.NOT_PLACED, actor=actor, reason=reason)
    _note(order, f"Not placed, refunded: {reason}", actor=actor, now=now)
    cancel_in_full(
        order=order, text="the order could not be placed", now=now, actor=actor, reason=reason
    )
    return order


def _confirm(provider: Provider, upstream_id: str) -> dict[str, Any]:
    """What the provider says about that id, as evidence. Raises NotConfirmed."""
    if not upstream_id or len(upstream_id) > ID_LENGTH or "," in upstream_id:
        raise NotConfirmed("Enter the provider's id of the order.")
    try:
        with open_client(provider) as client:
            answer = client.status([upstream_id]).orders.get(upstream_id)
    except (ProviderError, CannotUnseal) as error:
        raise NotConfirmed(f"The provider could not be asked: {error}") from None
    if isinstance(answer, IdError):
        raise NotConfirmed(f"The provider does not know order {upstream_id} as ours: {answer.text}")
    if not isinstance(answer, OrderStatus):
        raise NotConfirmed(f"The provider said nothing about order {upstream_id}.")
    return {"word": answer.word, "charge": str(answer.charge), "remains": answer.remains}


def _check_open(order: Order, *statuses: Status) -> None:
    if order.status not in statuses:
        raise AlreadyDecided(
            f"This order is {order.get_status_display().lower()} by now: there is nothing to decide."
        )


def _lock(order: Order, *statuses: Status) -> Order:
    """The order under its row lock: whoever comes second sees that it is decided."""
    orders = Order.objects.select_for_update(of=("self",), no_key=True).select_related(
        "service", "provider", "user"
    )
    fresh = orders.get(pk=order.pk)
    _check_open(fresh, *statuses)
    return fresh


def _settle_attempt(
    order: Order,
    state: AttemptState,
    *,
    actor: User,
    reason: str,
    status: dict[str, Any] | None = None,
) -> Attempt:
    attempt = (
        order.attempts.select_for_update(no_key=True)
        .filter(_perhaps_placed(order))
        .order_by("-pk")
        .first()
    )
    if attempt is None:
        raise AlreadyDecided(NEVER_PLACED)
    if not is_sender_dead(attempt_id=attempt.pk):
        raise StillSending(
            "A worker is still waiting for the provider's answer. Try again in a minute."
        )
    attempt.state = state
    attempt.resend_at = None
    attempt.decided_by = actor
    attempt.evidence = replace(attempt.evidence, reason=reason, status=status or {})
    attempt.save(update_fields=["state", "resend_at", "decided_by", "evidence"])
    return attempt


def _perhaps_placed(order: Order) -> Q:
    """Selects the attempts about which staff may be asked; those that were decided wrongly only
    while they hold it.
    """
    is_decided = Q(state=AttemptState.NOT_PLACED, decided_by__isnull=False)
    is_open = Q(state=AttemptState.UNKNOWN)
    return is_open | is_decided if order.hold_reason == HoldReason.STAFF else is_open


def _note(
    order: Order, text: str, *, actor: User, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Write the decision down and close the doubt and the proposal that it settles."""
    order.record(
        kind=EventKind.DECISION,
        text=text,
        now=now,
        actor=actor,
        is_internal=True,
        detail=detail,
    )
    order.reviews.filter(kind=ReviewKind.DUPLICATE_ID, closed_at=None).update(
        closed_at=now, closed_by=actor, decision=text[:DECISION_LENGTH]
    )
    Proposal.objects.filter(attempt__order=order, closed_at=None).update(
        closed_at=now, closed_by=actor
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason("Say why: a decision is kept with its reason.")
    return text.strip()
