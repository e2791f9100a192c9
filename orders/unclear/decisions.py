"""What one person decides about an order that a machine must not settle on a guess."""

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
from orders.models import AttemptState, EventKind, HoldReason, Order, Proposal, ReviewKind, Status

MAX_ID = 64  # characters of Order.upstream_id
NEVER_PLACED = "No attempt of this order can have been placed. There is nothing to decide."


class CannotDecide(Exception):
    """The decision was not carried out and nothing was changed; the text tells staff why."""


class AlreadyDecided(CannotDecide):
    """Somebody else, or the machine, was first."""


class StillSending(CannotDecide):
    """A living worker may still learn what became of the order."""


class AlreadyOurs(CannotDecide):
    """That upstream id is another order of ours."""


class NotConfirmed(CannotDecide):
    """The provider does not confirm that upstream id as one of our orders."""


class NoReason(CannotDecide):
    """A decision needs its reason."""


def attach(*, order: Order, upstream_id: str, actor: User, reason: str, now: datetime) -> Order:
    """The order is the provider's order `upstream_id`: it runs from now on.

    For an UNCLEAR order, and one held because it was placed after staff had decided otherwise. The
    provider is asked for the id first, so no transaction may be open. Raises CannotDecide.
    """
    upstream_id, reason = upstream_id.strip(), _reason(reason)
    _check_open(order)
    if order.status == Status.HELD and order.hold_reason != HoldReason.STAFF:
        raise AlreadyDecided(NEVER_PLACED)
    status = _ask_for(upstream_id, provider=order.provider)
    with transaction.atomic():
        order = _open_order(order)
        _settle_attempt(
            order,
            AttemptState.PLACED,
            actor=actor,
            reason=reason,
            upstream_id=upstream_id,
            status=status,
        )
        if not start(order=order, upstream_id=upstream_id, now=now):
            raise AlreadyOurs(f"Provider order {upstream_id} is another order of ours.")
        text = f"Matched to provider order {upstream_id}: {reason}"
        _close_questions(order, text, actor=actor, now=now, detail={"status": status})
        order.record(kind=EventKind.ACCEPTED, text="Accepted by the supplier", now=now)
    return order


@transaction.atomic
def resend(*, order: Order, actor: User, reason: str, now: datetime) -> Order:
    """It was not placed: an UNCLEAR or HELD order waits to be sent again, at a loss if need be.

    Raises CannotDecide.
    """
    reason = _reason(reason)
    order = _not_placed(order, actor=actor, reason=reason)
    if order.hold_reason == HoldReason.LOSS:
        order.cost = present_cost(order)
        order.save(update_fields=["cost"])
    order.wait(until=now)
    _close_questions(order, f"Not placed, sent again: {reason}", actor=actor, now=now)
    return order


@transaction.atomic
def refund(*, order: Order, actor: User, reason: str, now: datetime) -> Order:
    """It was not placed: an UNCLEAR or HELD order is canceled and refunded in full.

    Raises CannotDecide.
    """
    reason = _reason(reason)
    order = _not_placed(order, actor=actor, reason=reason)
    _close_questions(order, f"Not placed, refunded: {reason}", actor=actor, now=now)
    cancel_in_full(
        order=order, text="the order could not be placed", now=now, actor=actor, reason=reason
    )
    return order


def _ask_for(upstream_id: str, *, provider: Provider) -> dict[str, Any]:
    """What the provider says about that id, as evidence. Raises NotConfirmed."""
    if not upstream_id or len(upstream_id) > MAX_ID or "," in upstream_id:
        raise NotConfirmed("Enter the provider's order id.")
    try:
        with open_client(provider) as client:
            answer = client.status([upstream_id]).orders.get(upstream_id)
    except (ProviderError, CannotUnseal) as error:
        raise NotConfirmed(f"The provider could not be asked: {error}") from None
    if isinstance(answer, IdError):
        raise NotConfirmed(
            f"The provider does not recognise order {upstream_id} as ours: {answer.text}"
        )
    if not isinstance(answer, OrderStatus):
        raise NotConfirmed(f"The provider returned no status for order {upstream_id}.")
    return {"word": answer.word, "charge": str(answer.charge), "remains": answer.remains}


def _check_open(order: Order) -> None:
    if order.status not in {Status.UNCLEAR, Status.HELD}:
        raise AlreadyDecided(
            f"This order is now {order.get_status_display().lower()}. There is nothing to decide."
        )


def _open_order(order: Order) -> Order:
    """Under its row lock, so that whoever comes second sees that it is decided."""
    fresh = Order.objects.locked().select_related("service", "provider", "user").get(pk=order.pk)
    _check_open(fresh)
    return fresh


def _not_placed(order: Order, *, actor: User, reason: str) -> Order:
    """The order under its lock, what is unknown of it settled as not placed."""
    order = _open_order(order)
    if order.attempts.unknown().exists():
        _settle_attempt(order, AttemptState.NOT_PLACED, actor=actor, reason=reason)
    return order


def _settle_attempt(
    order: Order,
    state: AttemptState,
    *,
    actor: User,
    reason: str,
    upstream_id: str = "",
    status: dict[str, Any] | None = None,
) -> None:
    attempt = order.attempts.locked().filter(_open_to_staff(order)).order_by("-pk").first()
    if attempt is None:
        raise AlreadyDecided(NEVER_PLACED)
    if not is_sender_dead(attempt_id=attempt.pk):
        raise StillSending(
            "A worker is still waiting for the provider's answer. Try again in a minute."
        )
    attempt.settle(
        state,
        evidence=replace(attempt.evidence, reason=reason, status=status or {}),
        upstream_id=upstream_id,
        decided_by=actor,
    )


def _open_to_staff(order: Order) -> Q:
    """Selects the unknown attempts, and while staff hold the order those decided wrongly."""
    is_decided = Q(state=AttemptState.NOT_PLACED, decided_by__isnull=False)
    is_unknown = Q(state=AttemptState.UNKNOWN)
    return is_unknown | is_decided if order.hold_reason == HoldReason.STAFF else is_unknown


def _close_questions(
    order: Order, text: str, *, actor: User, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Put the decision on the timeline; close the review and the proposal that it settles."""
    order.record(
        kind=EventKind.DECISION,
        text=text,
        now=now,
        actor=actor,
        is_internal=True,
        detail=detail,
    )
    order.reviews.of_kind(ReviewKind.DUPLICATE_ID).close(decision=text, now=now, actor=actor)
    Proposal.objects.filter(attempt__order=order, closed_at=None).update(
        closed_at=now, closed_by=actor
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason("Enter a reason.")
    return text.strip()
