"""`add`: places and charges an order, which is forwarded later."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.http import HttpResponse

from billing.ledger import InsufficientFunds
from catalog.models import Service
from catalog.upstream.service_types import find
from lib.query_text import is_id
from lib.typed_numbers import ungrouped_number, whole_number
from orders.api.answers import ApiError, reply
from orders.api.authenticate import Caller, orders_per_minute
from orders.api.rate_limit import too_many
from orders.api.request import Ask
from orders.jobs.wake_worker import ring
from orders.placing.check_fields import FieldErrors, Problem
from orders.placing.place_once_per_link import LinkTaken, TooDear, place_alone
from orders.placing.place_order import KEY_LENGTH, KeyReused, NotOnSale, PriceChanged

UNKNOWN_SERVICE: Final = "Incorrect service ID"
KEY_REUSED: Final = "Idempotency key was used with other parameters"
TOO_DEAR: Final = "neworder.error.max_charge"
PREFIX: Final = "api:"  # keeps programs' keys apart from those of the pages' forms
MINUTE: Final = timedelta(minutes=1)
# Decimal itself accepts "1_0" and digits of any script
AMOUNT: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
NEGATIVE: Final = re.compile(r"-[0-9]+(\.[0-9]+)?")
NOT_OF_THE_ORDER: Final = frozenset({"service", "max_charge"})


def add(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """`{"order": id}`, once per idempotency key. On an error nothing is charged."""
    service = _service(ask)
    values = {name: text for name, text in ask.values.items() if name not in NOT_OF_THE_ORDER}
    key = _client_key(ask)
    _check_pace(caller, client_key=key, now=now)
    try:
        order = place_alone(
            customer=caller.user,
            service=service,
            values=values,
            now=now,
            client_key=key,
            max_charge=_max_charge(ask),
        )
    except FieldErrors as errors:
        raise ApiError(_words(errors.problems, service=service, values=values)) from None
    except NotOnSale:
        raise ApiError(UNKNOWN_SERVICE) from None
    except InsufficientFunds:
        raise ApiError("neworder.error.not_enough_funds") from None
    except LinkTaken:
        raise ApiError("neworder.error.link_duplicate") from None
    except (TooDear, PriceChanged):
        raise ApiError(TOO_DEAR) from None
    except KeyReused:
        raise ApiError(KEY_REUSED) from None
    transaction.on_commit(ring, robust=True)
    return reply({"order": order.pk})


def _service(ask: Ask) -> Service:
    """The service of that id, on sale or not: a repeated key still gets its order."""
    text = whole_number(ask.values.get("service", ""))
    service = Service.objects.filter(pk=int(text)).first() if is_id(text) else None
    if service is None:
        raise ApiError(UNKNOWN_SERVICE)
    return service


def _client_key(ask: Ask) -> str | None:
    if ask.idempotency_key is None:
        return None
    longest = KEY_LENGTH - len(PREFIX)
    if len(ask.idempotency_key) > longest or not ask.idempotency_key.isprintable():
        raise ApiError(f"idempotency_key: 1 to {longest} printable characters")
    return PREFIX + ask.idempotency_key


def _max_charge(ask: Ask) -> Decimal | None:
    text = ungrouped_number(ask.values.get("max_charge", ""))
    if not text:
        return None
    if not AMOUNT.fullmatch(text):
        raise ApiError("max_charge: an amount of money")
    return Decimal(text)


def _check_pace(caller: Caller, *, client_key: str | None, now: datetime) -> None:
    """Raise ApiError if the customer has placed too many orders within a minute.

    Repeats do not count. Simultaneous orders may pass together: this limits load, not money.
    """
    most = orders_per_minute(caller.user)
    newest = caller.user.orders.order_by("-pk").values_list("created_at", flat=True)
    oldest_counted = newest[most - 1 : most].first()
    if oldest_counted is None or oldest_counted <= now - MINUTE:
        return
    if client_key and caller.user.orders.filter(client_key=client_key).exists():
        return
    wait = oldest_counted + MINUTE - now
    raise too_many(max(1, min(60, -(-wait // timedelta(seconds=1)))))


def _words(problems: Mapping[str, Problem], *, service: Service, values: Mapping[str, str]) -> str:
    """The first problem as programs match it: the trade's error code, or field and message."""
    name, problem = next(iter(problems.items()))
    kind = find(service.type)
    counted = kind.lines_field if kind else ""
    if name == "link":
        return "neworder.error.link"
    if name == "quantity":
        return _quantity_words(problem, typed=values.get("quantity", ""))
    if (
        name == counted
        and problem.code in {"too_small", "too_large"}
        and not problem.message.startswith("Line ")
    ):
        return f"neworder.error.{'max' if problem.code == 'too_large' else 'min'}_quantity"
    return f"{name}: {problem.message}"


def _quantity_words(problem: Problem, *, typed: str) -> str:
    """Missing and below 0 count as too small; what is no whole number is said to be none."""
    if problem.code == "too_large":
        return "neworder.error.max_quantity"
    if problem.code == "invalid" and not NEGATIVE.fullmatch(ungrouped_number(typed)):
        return f"quantity: {problem.message}"
    return "neworder.error.min_quantity"
