"""Asking for refills or cancellations of many orders at once: as for each alone, in a few queries
for all.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from orders.aftercare.requests import NotOffered, begin, check_refill, is_unsent
from orders.lifecycle.end import cancel_in_full
from orders.models import OPEN_REQUEST, Cancellation, Event, EventKind, Order, Refill


@transaction.atomic
def request_refills(*, customer: User, ids: Collection[int], now: datetime) -> Mapping[int, Refill]:
    """Ask for refills of those of the customer's orders that may have one and have none open; by
    the order's id.

    Whatever is left out is left as it is.
    """
    orders = [order for order in _locked(customer, ids) if _may_refill(order)]
    taken = _open_ones(Refill, orders)
    refills = [
        Refill(order=order, provider_id=order.provider_id, requested_by=customer, requested_at=now)
        for order in orders
        if order.pk not in taken
    ]
    for refill in refills:
        begin(refill, mode=refill.order.service.refill_mode, now=now)
    Refill.objects.bulk_create(refills)
    _record([refill.order for refill in refills], kind=EventKind.REFILL, actor=customer, now=now)
    return {refill.order.pk: refill for refill in refills}


@transaction.atomic
def request_cancels(*, customer: User, ids: Collection[int], now: datetime) -> Collection[int]:
    """Ask to stop those of the customer's orders that can be stopped and are not being stopped
    already; their ids.

    Those that have not been sent end at once, and their money is back. Whatever is left out is left
    as it is.
    """
    orders = [order for order in _locked(customer, ids) if not order.is_ended]
    unsent = [order for order in orders if is_unsent(order)]
    for order in unsent:
        cancel_in_full(order=order, text="canceled before it was sent", now=now, actor=customer)
    sent = [order for order in orders if order not in unsent and order.service.is_cancel]
    taken = _open_ones(Cancellation, sent)
    cancellations = [
        Cancellation(
            order=order, provider_id=order.provider_id, requested_by=customer, requested_at=now
        )
        for order in sent
        if order.pk not in taken
    ]
    for cancellation in cancellations:
        begin(cancellation, mode=cancellation.order.service.cancel_mode, now=now)
    Cancellation.objects.bulk_create(cancellations)
    _record([each.order for each in cancellations], kind=EventKind.CANCEL, actor=customer, now=now)
    return {order.pk for order in unsent} | {each.order.pk for each in cancellations}


def _locked(customer: User, ids: Collection[int]) -> list[Order]:
    """Locked one after the other by id, so that two batches never wait for each other in a circle."""
    mine = customer.orders.filter(pk__in=ids).select_related("service", "provider", "user")
    return list(mine.select_for_update(of=("self",)).order_by("pk"))


def _may_refill(order: Order) -> bool:
    try:
        check_refill(order)
    except NotOffered:
        return False
    return True


def _open_ones(kind: type[Refill] | type[Cancellation], orders: Iterable[Order]) -> set[int]:
    """The ids of those orders that have an open request of this kind."""
    return set(
        kind.objects.filter(order__in=list(orders), state__in=OPEN_REQUEST).values_list(
            "order_id", flat=True
        )
    )


def _record(orders: Iterable[Order], *, kind: EventKind, actor: User, now: datetime) -> None:
    text = "Refill requested" if kind == EventKind.REFILL else "Cancellation requested"
    Event.objects.bulk_create(
        [Event(order=order, kind=kind, text=text, at=now, actor=actor) for order in orders]
    )
