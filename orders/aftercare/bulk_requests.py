"""Refills and cancellations of many orders at once: as for each alone, in a few queries for all."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from accounts.models import User
from orders.aftercare.requests import NotOffered, check_refill, is_unsent
from orders.lifecycle.end import cancel_in_full
from orders.models import AftercareRequest, Cancellation, Event, Order, Refill

Request = TypeVar("Request", bound=AftercareRequest)


@transaction.atomic
def request_refills(*, customer: User, ids: Collection[int], now: datetime) -> Mapping[int, Refill]:
    """Ask for refills of those of the customer's orders that may have one and have none open.

    By the order's id. Whatever is left out is left as it is.
    """
    orders = [order for order in _locked(customer, ids) if _may_refill(order)]
    refills = _request(Refill, orders, customer=customer, now=now)
    return {refill.order_id: refill for refill in refills}


@transaction.atomic
def request_cancels(*, customer: User, ids: Collection[int], now: datetime) -> Collection[int]:
    """Ask to stop those of the customer's orders that can be stopped and have no cancellation open.

    Their ids; those that have not been sent end at once and are refunded. Whatever is left out is
    left as it is.
    """
    orders = [order for order in _locked(customer, ids) if not order.is_ended]
    unsent = [order for order in orders if is_unsent(order)]
    for order in unsent:
        cancel_in_full(order=order, text="canceled before it was sent", now=now, actor=customer)
    sent = [order for order in orders if order not in unsent and order.service.is_cancel]
    cancellations = _request(Cancellation, sent, customer=customer, now=now)
    return {order.pk for order in unsent} | {request.order_id for request in cancellations}


def _locked(customer: User, ids: Collection[int]) -> list[Order]:
    """Locked in the order of their ids, so that two batches never deadlock."""
    orders = customer.orders.filter(pk__in=ids).select_related("service", "provider", "user")
    return list(orders.locked().order_by("pk"))


def _may_refill(order: Order) -> bool:
    try:
        check_refill(order)
    except NotOffered:
        return False
    return True


def _request(
    kind: type[Request], orders: Collection[Order], *, customer: User, now: datetime
) -> list[Request]:
    """Save a request for each of the orders that has none of this kind open."""
    busy = {request.order_id for request in kind.objects.open().about(orders)}
    requests = [
        kind.new(order, actor=customer, now=now) for order in orders if order.pk not in busy
    ]
    kind._default_manager.bulk_create(requests)
    text = f"{kind.NOUN} requested"
    Event.objects.bulk_create(
        Event(order=each.order, kind=kind.EVENT_KIND, text=text, at=now, actor=customer)
        for each in requests
    )
    return requests
