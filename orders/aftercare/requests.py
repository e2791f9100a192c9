"""Refills and cancellations of one order: customers ask, staff approve, reject or correct.

A cancellation never moves money: the order's later status decides what is refunded.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from accounts.models import User
from orders.lifecycle.end import cancel_in_full
from orders.models import (
    AftercareRequest,
    Cancellation,
    HoldReason,
    Order,
    Refill,
    RequestState,
    ReviewKind,
    Status,
)

Request = TypeVar("Request", bound=AftercareRequest)

REFILLABLE = [Status.COMPLETED, Status.PARTIAL]


class NotOffered(Exception):
    """The service does not offer this, or not for an order in this state; the text says which."""


class AlreadyOpen(Exception):
    """A request of this kind is open for the order already."""


class AlreadyDecided(Exception):
    """Somebody else has decided on the request meanwhile."""


class AlreadyOurs(Exception):
    """The provider's refill of that id belongs to another order."""


@transaction.atomic
def request_refill(*, order: Order, actor: User, now: datetime) -> Refill:
    """Ask for a refill of a delivered order; it waits for staff unless its service sends refills by
    itself.

    Raises NotOffered or AlreadyOpen; nothing is changed then.
    """
    order = _locked(order)
    check_refill(order)
    if order.refills.open().exists():
        raise AlreadyOpen("A refill of this order is under way.")
    return _save(Refill.new(order, actor=actor, now=now))


@transaction.atomic
def request_cancel(*, order: Order, actor: User, now: datetime) -> Cancellation | None:
    """Ask to stop an order. None: it had not been sent, and is canceled and refunded already.

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
    if order.cancellations.open().exists():
        raise AlreadyOpen("A cancellation of this order is under way.")
    return _save(Cancellation.new(order, actor=actor, now=now))


@transaction.atomic
def approve(*, request: AftercareRequest, actor: User, now: datetime) -> None:
    """Let a requested refill or cancellation go to the provider. Raises AlreadyDecided."""
    _lock(request, RequestState.REQUESTED)
    request.approve(actor=actor, now=now)


@transaction.atomic
def reject(*, request: AftercareRequest, actor: User, reason: str, now: datetime) -> None:
    """Turn down a request that waits for staff or is unclear; the customer reads the reason.

    Raises AlreadyDecided.
    """
    _lock(request, RequestState.REQUESTED, RequestState.UNCLEAR)
    request.reject(actor=actor, reason=reason, now=now)
    _close_question(request, actor=actor, reason=reason, now=now)


@transaction.atomic
def resend(*, request: AftercareRequest, actor: User, reason: str, now: datetime) -> None:
    """Send an unclear request again: staff have made sure that the provider did not take it.

    Raises AlreadyDecided.
    """
    _lock(request, RequestState.UNCLEAR)
    request.resend(actor=actor, reason=reason, now=now)
    _close_question(request, actor=actor, reason=reason, now=now)


@transaction.atomic
def take_cancellation(*, request: Cancellation, actor: User, reason: str, now: datetime) -> None:
    """The provider took an unclear cancellation: its order's later status decides as ever.

    Raises AlreadyDecided.
    """
    _lock(request, RequestState.UNCLEAR)
    request.confirm(actor=actor, reason=reason, now=now)


@transaction.atomic
def attach_refill(
    *, request: Refill, upstream_id: str, actor: User, reason: str, now: datetime
) -> None:
    """An unclear refill is the provider's refill `upstream_id`: follow it from now on.

    Raises AlreadyDecided, or AlreadyOurs where that is another refill of ours.
    """
    _lock(request, RequestState.UNCLEAR)
    others = Refill.objects.filter(provider_id=request.provider_id, upstream_id=upstream_id)
    if other := others.exclude(pk=request.pk).order_by("pk").first():
        raise AlreadyOurs(f"The provider's refill {upstream_id} is that of order {other.order_id}.")
    request.confirm(upstream_id=upstream_id, actor=actor, reason=reason, now=now)
    _close_question(request, actor=actor, reason=reason, now=now)


@transaction.atomic
def end_refill(
    *, request: Refill, state: RequestState, actor: User, reason: str, now: datetime
) -> None:
    """Staff say that a refill which the provider has, or perhaps has, is COMPLETED or REJECTED.

    The customer reads the reason of a rejection. Raises AlreadyDecided.
    """
    _locked(request.order)
    # a worker may write down the provider's word at this moment
    row = Refill.objects.locked().get(pk=request.pk)
    if row.state not in {RequestState.RUNNING, RequestState.UNCLEAR}:
        raise AlreadyDecided(_decided_already(row))
    row.end_by_staff(state, actor=actor, reason=reason, now=now)
    _close_question(row, actor=actor, reason=reason, now=now)


def check_refill(order: Order) -> None:
    """Raises NotOffered where the order can have no refill now, whether or not one is open."""
    if not order.service.is_refill:
        raise NotOffered("This service has no refill.")
    if order.status not in REFILLABLE or not order.upstream_id:
        raise NotOffered("A refill can be asked for once the order is completed.")


def can_refill(order: Order) -> bool:
    """Whether the refill button is shown; asks for the service and the prefetched refills."""
    is_delivered = order.status in REFILLABLE and bool(order.upstream_id)
    return order.service.is_refill and is_delivered and not has_open(order.refills.all())


def can_cancel(order: Order) -> bool:
    """Whether the cancel button is shown; asks for the service and the prefetched cancellations."""
    if order.is_ended or has_open(order.cancellations.all()):
        return False
    return is_unsent(order) or order.service.is_cancel


def has_open(requests: Iterable[AftercareRequest]) -> bool:
    """Whether one of these rows, which may be prefetched, has not ended."""
    return any(request.is_open for request in requests)


def is_unsent(order: Order) -> bool:
    """Whether it is certainly not at the provider, so that a cancellation takes effect at once.

    Not so where it is held to find out whether it was placed after all.
    """
    if order.status == Status.HELD:
        return order.hold_reason not in {HoldReason.STAFF, HoldReason.NEW_MESSAGE}
    return order.status == Status.WAITING


def _locked(order: Order) -> Order:
    orders = Order.objects.locked().select_related("service", "provider", "user")
    return orders.get(pk=order.pk)


def _lock(request: AftercareRequest, *states: RequestState) -> None:
    """Read the request anew under its order's lock. Raises AlreadyDecided if in no such state.

    No worker touches a request in a state that staff may decide on, so that the order's lock is
    enough.
    """
    _locked(request.order)
    request.refresh_from_db()
    if request.state not in states:
        raise AlreadyDecided(_decided_already(request))


def _decided_already(request: AftercareRequest) -> str:
    return f"This {request.NOUN.lower()} is already {RequestState(request.state).label.lower()}."


def _close_question(request: AftercareRequest, *, actor: User, reason: str, now: datetime) -> None:
    """What staff were asked about a refill is answered by their decision."""
    if isinstance(request, Refill):
        kinds = [ReviewKind.REFILL_SILENT, ReviewKind.UNKNOWN_STATUS]
        reviews = request.order.reviews.of_kind(*kinds)
        reviews.close(decision=reason, now=now, actor=actor)


def _save(request: Request) -> Request:
    request.save()
    text = f"{request.NOUN} requested"
    request.order.record(
        kind=request.EVENT_KIND, text=text, now=request.requested_at, actor=request.requested_by
    )
    return request
