"""Aftercare: a customer asks for a refill or a cancellation, staff approve or reject it.

A cancellation that reaches the provider never moves money: the order's later status decides what is
refunded.
"""

from datetime import datetime
from typing import TypeVar

from django.db import transaction

from accounts.models import User
from catalog.models import AftercareMode
from orders.lifecycle.end import cancel_in_full
from orders.models import (
    OPEN_REQUEST,
    Cancellation,
    EventKind,
    HoldReason,
    Order,
    Refill,
    RequestState,
    Status,
)

Request = TypeVar("Request", bound=Refill | Cancellation)

REFILLABLE = [Status.COMPLETED, Status.PARTIAL]


class NotOffered(Exception):
    """The service does not offer this, or the order is not in a state for it; the text says which."""


class AlreadyOpen(Exception):
    """A request of this kind is open for the order already."""


class AlreadyDecided(Exception):
    """Somebody else has decided on the request meanwhile."""


class AlreadyOurs(Exception):
    """The provider's refill of that id belongs to another order."""


@transaction.atomic
def request_refill(*, order: Order, actor: User, now: datetime) -> Refill:
    """Ask for a refill of a delivered order; it waits for staff unless the service sends refills by
    itself.

    Raises NotOffered or AlreadyOpen; nothing is changed then.
    """
    order = _locked(order)
    check_refill(order)
    if order.refills.filter(state__in=OPEN_REQUEST).exists():
        raise AlreadyOpen("A refill of this order is under way.")
    refill = Refill(order=order, provider=order.provider, requested_by=actor, requested_at=now)
    begin(refill, mode=order.service.refill_mode, now=now)
    refill.save()
    order.record(kind=EventKind.REFILL, text="Refill requested", now=now, actor=actor)
    return refill


@transaction.atomic
def request_cancel(*, order: Order, actor: User, now: datetime) -> Cancellation | None:
    """Ask to stop an order. One that has not been sent is canceled and refunded at once: then None
    is returned.

    Raises NotOffered or AlreadyOpen; nothing is changed then.
    """
    order = _locked(order)
    if order.is_ended:
        raise NotOffered("The order has ended.")
    if is_unsent(order):
        cancel_in_full(order=order, text="canceled before it was sent", now=now, actor=actor)
        return None
    if not order.service.is_cancel:
        raise NotOffered("This service cannot be canceled once it has been sent.")
    if order.cancellations.filter(state__in=OPEN_REQUEST).exists():
        raise AlreadyOpen("A cancellation of this order is under way.")
    cancellation = Cancellation(
        order=order, provider=order.provider, requested_by=actor, requested_at=now
    )
    begin(cancellation, mode=order.service.cancel_mode, now=now)
    cancellation.save()
    order.record(kind=EventKind.CANCEL, text="Cancellation requested", now=now, actor=actor)
    return cancellation


@transaction.atomic
def approve(*, request: Refill | Cancellation, actor: User, now: datetime) -> None:
    """Let a requested refill or cancellation go to the provider. Raises AlreadyDecided."""
    request = _locked_request(request, RequestState.REQUESTED)
    request.state = RequestState.APPROVED
    request.decided_by = actor
    request.decided_at = request.send_at = now
    request.save(update_fields=["state", "decided_by", "decided_at", "send_at"])
    request.order.record(
        kind=_kind(request),
        text=f"{_noun(request)} approved",
        now=now,
        actor=actor,
    )


@transaction.atomic
def reject(*, request: Refill | Cancellation, actor: User, reason: str, now: datetime) -> None:
    """Turn a request down; the customer reads the reason. Works on one that waits for staff or is
    unclear.

    Raises AlreadyDecided.
    """
    request = _locked_request(request, RequestState.REQUESTED, RequestState.UNCLEAR)
    request.state = RequestState.REJECTED
    request.decided_by = actor
    request.decided_at = request.ended_at = now
    request.reason = reason[:300]
    request.save(update_fields=["state", "decided_by", "decided_at", "ended_at", "reason"])
    request.order.record(
        kind=_kind(request),
        text=f"{_noun(request)} rejected: {reason}",
        now=now,
        actor=actor,
    )


@transaction.atomic
def resend(*, request: Refill | Cancellation, actor: User, reason: str, now: datetime) -> None:
    """Send an unclear request again: staff have made sure that the provider did not take it.

    Raises AlreadyDecided.
    """
    request = _locked_request(request, RequestState.UNCLEAR)
    request.state = RequestState.APPROVED
    request.decided_by = actor
    request.decided_at = request.send_at = now
    request.sent_at = None
    request.lost_answers = 0
    request.save(
        update_fields=["state", "decided_by", "decided_at", "send_at", "sent_at", "lost_answers"]
    )
    text = f"{_noun(request)} is sent again: {reason}"
    request.order.record(kind=_kind(request), text=text, now=now, actor=actor, is_internal=True)


@transaction.atomic
def take_cancellation(
    *, cancellation: Cancellation, actor: User, reason: str, now: datetime
) -> None:
    """The provider took an unclear cancellation: its order's later status decides as ever.

    Raises AlreadyDecided.
    """
    cancellation = _locked_request(cancellation, RequestState.UNCLEAR)
    cancellation.state = RequestState.RUNNING
    cancellation.decided_by = actor
    cancellation.decided_at = now
    cancellation.lost_answers = 0
    cancellation.save(update_fields=["state", "decided_by", "decided_at", "lost_answers"])
    text = f"The provider took the cancellation: {reason}"
    cancellation.order.record(
        kind=EventKind.CANCEL,
        text=text,
        now=now,
        actor=actor,
        is_internal=True,
    )


@transaction.atomic
def attach_refill(
    *, refill: Refill, upstream_id: str, actor: User, reason: str, now: datetime
) -> None:
    """An unclear refill is the provider's refill `upstream_id`: follow it from now on.

    Raises AlreadyDecided, or AlreadyOurs where that is another refill of ours.
    """
    refill = _locked_request(refill, RequestState.UNCLEAR)
    others = Refill.objects.filter(provider_id=refill.provider_id, upstream_id=upstream_id).exclude(
        pk=refill.pk
    )
    if other := others.order_by("pk").first():
        raise AlreadyOurs(f"The provider's refill {upstream_id} is that of order {other.order_id}.")
    refill.state = RequestState.RUNNING
    refill.upstream_id = upstream_id
    refill.decided_by = actor
    refill.decided_at = refill.due_at = now
    refill.errors = refill.lost_answers = 0
    fields = [
        "state",
        "upstream_id",
        "decided_by",
        "decided_at",
        "due_at",
        "errors",
        "lost_answers",
    ]
    refill.save(update_fields=fields)
    text = f"Refill is the provider's refill {upstream_id}: {reason}"
    refill.order.record(kind=EventKind.REFILL, text=text, now=now, actor=actor, is_internal=True)


def check_refill(order: Order) -> None:
    """Raises NotOffered where the order can have no refill now, whether or not one is open."""
    if not order.service.is_refill:
        raise NotOffered("This service has no refill.")
    if order.status not in REFILLABLE or not order.upstream_id:
        raise NotOffered("A refill can be asked for once the order is completed.")


def can_refill(order: Order) -> bool:
    """Whether the refill button is shown; asks for the service and, where prefetched, the refills."""
    is_open = any(refill.state in OPEN_REQUEST for refill in order.refills.all())
    return (
        order.service.is_refill
        and order.status in REFILLABLE
        and bool(order.upstream_id)
        and not is_open
    )


def can_cancel(order: Order) -> bool:
    """Whether the cancel button is shown; asks for the service and, where prefetched, the
    cancellations.
    """
    if order.is_ended or any(
        request.state in OPEN_REQUEST for request in order.cancellations.all()
    ):
        return False
    return is_unsent(order) or order.service.is_cancel


def is_unsent(order: Order) -> bool:
    """Whether it is certainly not at the provider, so that a cancellation takes effect at once.

    Not so where staff hold it: they look whether it was placed after all.
    """
    if order.status == Status.HELD:
        return order.hold_reason != HoldReason.STAFF
    return order.status == Status.WAITING


def _locked(order: Order) -> Order:
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("service", "provider", "user")
        .get(pk=order.pk)
    )


def _locked_request(request: Request, *states: RequestState) -> Request:
    """Lock the order, so that decisions on its requests come one after the other, and look at what
    stands now.

    No worker touches a request in a state that staff may decide on, so that the order's lock is
    enough.
    """
    _locked(request.order)
    request.refresh_from_db()
    if request.state not in states:
        raise AlreadyDecided(
            f"This {_noun(request).lower()} is {request.get_state_display().lower()} already."
        )
    return request


def begin(request: Refill | Cancellation, *, mode: str, now: datetime) -> None:
    """The state in which a new request begins, not saved: it waits for staff, or is sent as
    soon as a worker comes.
    """
    if mode == AftercareMode.AUTOMATIC:
        request.state = RequestState.APPROVED
        request.decided_at = request.send_at = now


def _kind(request: Refill | Cancellation) -> EventKind:
    return EventKind.REFILL if isinstance(request, Refill) else EventKind.CANCEL


def _noun(request: Refill | Cancellation) -> str:
    return "Refill" if isinstance(request, Refill) else "Cancellation"
