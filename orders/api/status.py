"""`status` and `refill_status` of the caller's own orders and refills."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.http import HttpResponse

from orders.api.answers import ApiError, reply
from orders.api.authenticate import Caller
from orders.api.id_lists import as_number, as_sent, numbers, read_ids
from orders.api.request import Ask
from orders.lifecycle.public_status import request_word, sheet_of
from orders.models import Order, Refill

UNKNOWN_ORDER: Final = "Incorrect order ID"
UNKNOWN_REFILL: Final = "Refill not found"


@dataclass(slots=True)
class Row:
    """The columns of OWN_ORDERS, in their order."""

    charge: Decimal
    refunded: Decimal
    start_count: int | None
    status: str
    upstream_status: str
    remains: int | None
    billed_quantity: int

    # the model's own rules, which need only these columns
    is_ended = Order.is_ended
    net_charge = Order.net_charge
    customer_status = Order.customer_status


# Raw SQL for the most frequent request: with the ORM, 100 orders take three times as long.
OWN_ORDERS: Final = """
    SELECT id, charge, refunded, start_count, status, upstream_status, remains, billed_quantity
      FROM orders_order
     WHERE user_id = %s AND id = ANY(%s)
"""


def status(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """One order, or up to 100 by their ids as sent. Others' orders are unknown. One query."""
    del now
    if ask.values.get("orders", "").strip():
        ids = read_ids(ask.values["orders"], nothing=UNKNOWN_ORDER)
        found = _orders(caller, ids)
        return reply({text: _sheet(found.get(as_number(text))) for text in ids})
    text = ask.values.get("order", "").strip()
    order = _orders(caller, [text]).get(as_number(text))
    if order is None:
        raise ApiError(UNKNOWN_ORDER)
    return reply(sheet_of(order))


def refill_status(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """One refill, or up to 100 in the requested order. One query."""
    del now
    if ask.values.get("refills", "").strip():
        ids = read_ids(ask.values["refills"], nothing=UNKNOWN_REFILL)
        found = _refills(caller, ids)
        return reply(
            [
                {"refill": as_sent(text), "status": _listed(found.get(as_number(text)))}
                for text in ids
            ]
        )
    text = ask.values.get("refill", "").strip()
    refill = _refills(caller, [text]).get(as_number(text))
    if refill is None:
        raise ApiError(UNKNOWN_REFILL)
    return reply({"status": request_word(refill.state)})


def _orders(caller: Caller, ids: Iterable[str]) -> dict[int | None, Row]:
    with connection.cursor() as cursor:
        cursor.execute(OWN_ORDERS, [caller.user.pk, numbers(ids)])
        return {pk: Row(*columns) for pk, *columns in cursor.fetchall()}


def _refills(caller: Caller, ids: Iterable[str]) -> dict[int | None, Refill]:
    found = Refill.objects.filter(order__user=caller.user, pk__in=numbers(ids)).only("state")
    return {refill.pk: refill for refill in found}


def _sheet(order: Row | None) -> dict[str, str]:
    return {"error": UNKNOWN_ORDER} if order is None else sheet_of(order)


def _listed(refill: Refill | None) -> str | dict[str, str]:
    return {"error": UNKNOWN_REFILL} if refill is None else request_word(refill.state)
