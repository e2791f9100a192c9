"""`refill` and `cancel`: requests about placed orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.http import HttpResponse

from orders.aftercare.bulk_requests import request_cancels, request_refills
from orders.aftercare.requests import REFILLABLE, has_open, is_unsent
from orders.api.answers import ApiError, reply
from orders.api.authenticate import Caller
from orders.api.id_lists import as_number, as_sent, numbers, read_ids
from orders.api.request import Ask
from orders.api.status import UNKNOWN_ORDER
from orders.models import Order

# The texts of other panels, which programs already know.
NO_REFILL: Final = "Refill is disabled for this service"
NOT_YET: Final = "Refill is not available for this order"
REFILL_OPEN: Final = "The refill task is not completed for this order"
NO_CANCEL: Final = "Cancel is disabled for this service"
ENDED: Final = "Cancel is not available for this order"
CANCEL_OPEN: Final = "The cancel task is not completed for this order"
CHANGED: Final = "The order has changed meanwhile"


Answer = int | dict[str, str]


def refill(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """One refill as text, or a list in the requested order."""
    is_list = bool(ask.values.get("orders", "").strip())
    ids = (
        read_ids(ask.values["orders"], nothing=UNKNOWN_ORDER)
        if is_list
        else [ask.values.get("order", "").strip()]
    )
    orders, reasons = _look(caller, ids, why_not=_why_no_refill)
    asked = request_refills(customer=caller.user, ids=orders, now=now) if orders else {}
    refills = {pk: refill.pk for pk, refill in asked.items()}
    answers = list(_answers(ids, done=refills, reasons=reasons, twice=REFILL_OPEN))
    if is_list:
        return reply(
            [
                {"order": as_sent(text), "refill": answer}
                for text, answer in zip(ids, answers, strict=True)
            ]
        )
    [answer] = answers
    if isinstance(answer, dict):
        raise ApiError(answer["error"])
    return reply({"refill": str(answer)})


def cancel(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """A list, even for one order. 1 means requested; the order's status shows the result."""
    ids = read_ids(
        ask.values.get("orders", "").strip() or ask.values.get("order", ""), nothing=UNKNOWN_ORDER
    )
    orders, reasons = _look(caller, ids, why_not=_why_no_cancel)
    asked = request_cancels(customer=caller.user, ids=orders, now=now) if orders else ()
    answers = _answers(ids, done=dict.fromkeys(asked, 1), reasons=reasons, twice=CANCEL_OPEN)
    return reply(
        [
            {"order": as_sent(text), "cancel": answer}
            for text, answer in zip(ids, answers, strict=True)
        ]
    )


def _look(
    caller: Caller, ids: Sequence[str], *, why_not: Callable[[Order], str]
) -> tuple[set[int], dict[int | None, str]]:
    """The caller's orders that qualify, and the reasons why others do not."""
    found = caller.user.orders.filter(pk__in=numbers(ids)).select_related("service")
    reasons: dict[int | None, str] = {
        order.pk: why_not(order) for order in found.prefetch_related("refills", "cancellations")
    }
    return {pk for pk, reason in reasons.items() if pk is not None and not reason}, reasons


def _answers(
    ids: Sequence[str], *, done: Mapping[int, int], reasons: Mapping[int | None, str], twice: str
) -> Iterator[Answer]:
    """The answer for each id. A repeated id counts as already requested."""
    told: set[int] = set()
    for text in ids:
        number = as_number(text)
        if number not in reasons:
            yield {"error": UNKNOWN_ORDER}
        elif number is not None and number in done and number not in told:
            told.add(number)
            yield done[number]
        elif number in told:
            yield {"error": twice}
        else:
            yield {"error": reasons[number] or CHANGED}


def _why_no_refill(order: Order) -> str:
    if not order.service.is_refill:
        return NO_REFILL
    if order.status not in REFILLABLE or not order.upstream_id:
        return NOT_YET
    return REFILL_OPEN if has_open(order.refills.all()) else ""


def _why_no_cancel(order: Order) -> str:
    if order.is_ended:
        return ENDED
    if is_unsent(order):
        return ""
    if not order.service.is_cancel:
        return NO_CANCEL
    return CANCEL_OPEN if has_open(order.cancellations.all()) else ""
