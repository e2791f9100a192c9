"""`refill` and `cancel`: what the caller asks of orders that were placed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.http import HttpResponse

from orders import aftercare
from orders.aftercare import AlreadyOpen, NotOffered
from orders.api.admitting import Caller
from orders.api.answers import ApiError, reply
from orders.api.asking import Ask
from orders.api.following import UNKNOWN_ORDER
from orders.api.identifying import as_number, as_sent, numbers, read_ids
from orders.models import OPEN_REQUEST, Order

# What other panels say, so that programs know it already.
NO_REFILL: Final = "Refill is disabled for this service"
NOT_YET: Final = "Refill is not available for this order"
REFILL_OPEN: Final = "The refill task is not completed for this order"
NO_CANCEL: Final = "Cancel is disabled for this service"
ENDED: Final = "Cancel is not available for this order"
CANCEL_OPEN: Final = "The cancel task is not completed for this order"
CHANGED: Final = "The order has changed meanwhile"


Answer = int | dict[str, str]


def refill(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """One refill as text, or a list in the order that was asked for."""

    def request(order: Order) -> int:
        return aftercare.request_refill(order=order, actor=caller.user, now=now).pk

    if ask.values.get("orders", "").strip():
        ids = read_ids(ask.values["orders"], nothing=UNKNOWN_ORDER)
        answers = _each(caller, ids, request=request, why_not=_why_no_refill)
        return reply([{"order": as_sent(text), "refill": answer} for text, answer in zip(ids, answers, strict=True)])
    [answer] = _each(caller, [ask.values.get("order", "").strip()], request=request, why_not=_why_no_refill)
    if isinstance(answer, dict):
        raise ApiError(answer["error"])
    return reply({"refill": str(answer)})


def cancel(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """A list, even for one order. 1 says that it was asked for; the order's status says what came of it."""

    def request(order: Order) -> int:
        aftercare.request_cancel(order=order, actor=caller.user, now=now)
        return 1

    ids = read_ids(ask.values.get("orders", "").strip() or ask.values.get("order", ""), nothing=UNKNOWN_ORDER)
    answers = _each(caller, ids, request=request, why_not=_why_no_cancel)
    return reply([{"order": as_sent(text), "cancel": answer} for text, answer in zip(ids, answers, strict=True)])


def _each(
    caller: Caller, ids: Sequence[str], *, request: Callable[[Order], int], why_not: Callable[[Order], str]
) -> list[Answer]:
    """What came of asking for each. Those that can be refused by a look at all of them cost no query of their own."""
    found = caller.user.orders.filter(pk__in=numbers(ids)).select_related("service")
    orders: dict[int | None, Order] = {order.pk: order for order in found.prefetch_related("refills", "cancellations")}
    return [_ask_for(orders.get(as_number(text)), request=request, why_not=why_not) for text in ids]


def _ask_for(order: Order | None, *, request: Callable[[Order], int], why_not: Callable[[Order], str]) -> Answer:
    if order is None:
        return {"error": UNKNOWN_ORDER}
    reason = why_not(order)
    if reason:
        return {"error": reason}
    try:
        return request(order)
    except NotOffered:  # it has changed since the look
        order.refresh_from_db()
        return {"error": why_not(order) or CHANGED}
    except AlreadyOpen:
        return {"error": REFILL_OPEN if why_not is _why_no_refill else CANCEL_OPEN}


def _why_no_refill(order: Order) -> str:
    if not order.service.is_refill:
        return NO_REFILL
    if order.status not in aftercare.REFILLABLE or not order.upstream_id:
        return NOT_YET
    return REFILL_OPEN if any(refill.state in OPEN_REQUEST for refill in order.refills.all()) else ""


def _why_no_cancel(order: Order) -> str:
    if order.is_ended:
        return ENDED
    if order.status in aftercare.NOT_PLACED:
        return ""
    if not order.service.is_cancel:
        return NO_CANCEL
    return CANCEL_OPEN if any(each.state in OPEN_REQUEST for each in order.cancellations.all()) else ""
