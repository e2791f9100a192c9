"""The table of the API's actions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from django.http import HttpResponse

from orders.api.add import add
from orders.api.authenticate import Caller
from orders.api.balance import balance
from orders.api.orders_list import orders
from orders.api.refill_and_cancel import cancel, refill
from orders.api.request import Ask
from orders.api.services import services
from orders.api.status import refill_status, status

Scope = Literal["read", "order"]
Handle = Callable[[Caller, Ask, datetime], HttpResponse]


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its name in requests, the scope a key needs, and its handler."""

    name: str
    scope: Scope
    handle: Handle


def _services(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    del now
    return services(caller, ask.request)


ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        action.name: action
        for action in (
            Action("services", "read", _services),
            Action("add", "order", add),
            Action("status", "read", status),
            Action("orders", "read", orders),
            Action("refill", "order", refill),
            Action("refill_status", "read", refill_status),
            Action("cancel", "order", cancel),
            Action("balance", "read", balance),
        )
    }
)
