"""`orders`: the caller's own orders, newest first, page by page."""

from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse

from lib.keyset import newest_first
from lib.typed_numbers import whole_number
from orders.api.answers import ApiError, reply
from orders.api.authenticate import Caller
from orders.api.id_lists import as_number
from orders.api.request import Ask
from orders.lifecycle.public_status import sheet_of
from orders.models import Order

MAX_ORDERS: Final = 100  # of one page, and as many where no limit is given


def orders(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """A page of orders below the id `before`; an empty one is beyond the last. One query."""
    del now
    page = newest_first(caller.user.orders.all(), size=_limit(ask), before=_before(ask))
    return reply([_row(order) for order in page.rows])


def _limit(ask: Ask) -> int:
    text = whole_number(ask.values.get("limit", ""))
    if not text:
        return MAX_ORDERS
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAX_ORDERS:
        raise ApiError(f"limit: a whole number from 1 to {MAX_ORDERS}")
    return int(text)


def _before(ask: Ask) -> int | None:
    text = ask.values.get("before", "").strip()
    if not text:
        return None
    number = as_number(text)
    if number is None:
        raise ApiError("before: the ID of an order")
    return number


def _row(order: Order) -> dict[str, object]:
    return {
        "order": order.pk,
        "service": order.service_id,
        "link": order.link,
        "quantity": str(order.billed_quantity),
        "created": f"{order.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        **sheet_of(order),
    }
