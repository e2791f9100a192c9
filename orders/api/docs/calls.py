"""Every call of the API in words, and `add` once for each service type.

The API page and the OpenAPI description are both generated from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from catalog.upstream.service_types import TYPES, Field, Kind, ServiceType
from orders.api.actions import ACTIONS, Scope
from orders.api.docs.reply_schemas import REPLIES, Reply
from orders.api.orders_list import MAX_ORDERS
from orders.placing.check_fields import MAX_LINES, MAX_NUMBER, NUMBER_LIMITS, TEXT_LENGTH

Form = Literal["text", "lines", "number", "id", "ids", "amount", "url", "date", "choice"]
FORMS: Final[Mapping[Kind, Form]] = MappingProxyType(
    {
        "link": "text",  # providers accept bare names as links
        "quantity": "number",
        "number": "number",
        "text": "text",
        "lines": "lines",
        "choice": "choice",
        "date": "date",
        "url": "url",
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a request beside `key` and `action`."""

    name: str
    form: Form
    meaning: str
    limits: str = ""  # in words
    condition: tuple[str, str] | None = None  # required if the field of that name has that value
    is_required: bool = True
    least: int | None = None
    most: int | None = None
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def when(self) -> str:
        """Whether it must be sent."""
        if self.condition:
            return f"required if {self.condition[0]} is {self.condition[1]}"
        return "required" if self.is_required else "optional"


@dataclass(frozen=True, slots=True)
class Call:
    """One form of an action."""

    anchor: str  # on the page, and its key in `REPLIES`
    action: str
    title: str
    text: str
    parameters: tuple[Parameter, ...]
    kind: ServiceType | None = None  # the service type, of `add`

    @property
    def scope(self) -> Scope:
        """The scope a key needs."""
        return ACTIONS[self.action].scope

    @property
    def reply(self) -> Reply:
        """The response if there is no error."""
        return REPLIES["add" if self.kind else self.anchor]


SERVICE_ID: Final = Parameter("service", "id", "The service's ID, from services")
IDEMPOTENCY_KEY: Final = Parameter(
    "idempotency_key",
    "text",
    "Your own unique value for this order. Repeating it returns the same order. "
    "Can also be sent as the header Idempotency-Key",
    limits="1 to 96 characters",
    is_required=False,
)
MAX_CHARGE: Final = Parameter(
    "max_charge", "amount", "The order is rejected if it would cost more", is_required=False
)
ORDER_ID: Final = Parameter("order", "id", "The order's ID")
ORDER_IDS: Final = Parameter(
    "orders", "ids", "Order IDs, separated by commas, or a list", limits="up to 100"
)
LIMIT: Final = Parameter(
    "limit",
    "number",
    "Orders per page",
    limits=f"1 to {MAX_ORDERS}, {MAX_ORDERS} if omitted",
    is_required=False,
    least=1,
    most=MAX_ORDERS,
)
BEFORE: Final = Parameter("before", "id", "Only orders older than this ID", is_required=False)
REFILL_ID: Final = Parameter("refill", "id", "The refill's ID, from refill")
REFILL_IDS: Final = Parameter(
    "refills", "ids", "Refill IDs, separated by commas", limits="up to 100"
)
WHOLE: Final = "whole number"
BILLED: Final = {
    "quantity": "Charged by quantity, at the rate per 1000.",
    "lines": "Charged by number of non-empty lines, at the rate per 1000.",
    "order": "Charged per order: the rate is the price of one order.",
    "post": "Charged per new post after delivery, at the rate. Nothing is charged when you order.",
}


def anchor_of(kind: ServiceType) -> str:
    """The anchor of orders of that type."""
    return f"add-{kind.name.lower().replace(' ', '-')}"


def parameter_of(field: Field) -> Parameter:
    """A field of the table of service types as a request parameter."""
    least, most, limits = _limits_of(field)
    meaning = (
        field.label if not field.help else f"{field.label}: {field.help[0].lower()}{field.help[1:]}"
    )
    return Parameter(
        name=field.name,
        form=FORMS[field.kind],
        meaning=meaning,
        limits=limits,
        condition=field.required_when,
        is_required=field.is_required,
        least=least,
        most=most,
        choices=field.choices,
    )


def _limits_of(field: Field) -> tuple[int | None, int | None, str]:
    """Minimum, maximum, and both in words."""
    if field.kind == "quantity":
        return 1, MAX_NUMBER, "between the service's min and max"
    if field.kind == "number":
        if field.name not in NUMBER_LIMITS:
            return 1, MAX_NUMBER, "between the service's min and max"
        least, most = NUMBER_LIMITS[field.name]
        return least, most, f"{least:,} to {most:,}"
    if field.kind == "lines":
        return (
            None,
            None,
            f"up to {MAX_LINES:,} lines, separated by line breaks, which may be written as \\r\\n or \\n, or a list",
        )
    if field.kind == "choice":
        return None, None, "; ".join(f"{value}: {label}" for value, label in field.choices)
    if field.kind == "date":
        return None, None, "day/month/year"
    return None, None, f"up to {TEXT_LENGTH:,} characters"


def _billed(kind: ServiceType) -> str:
    text = BILLED[kind.billed_by]
    if kind.has_dripfeed:
        text += " With runs and interval it is a drip-feed: the quantity is charged for each run."
    if kind.billed_by == "lines":
        text += f" The service's min and max apply to the number of lines in {kind.lines_field}."
    return text


def _adds() -> Iterator[Call]:
    for kind in TYPES:
        fields = tuple(parameter_of(field) for field in kind.fields)
        yield Call(
            anchor=anchor_of(kind),
            action="add",
            title=kind.name,
            text=_billed(kind),
            parameters=(SERVICE_ID, *fields, IDEMPOTENCY_KEY, MAX_CHARGE),
            kind=kind,
        )


CALLS: Final[tuple[Call, ...]] = (
    Call("services", "services", "All services", "The services you can order, at your prices.", ()),
    *_adds(),
    Call(
        "status",
        "status",
        "One order",
        "Pending until the order starts. The charge is what you paid minus refunds.",
        (ORDER_ID,),
    ),
    Call(
        "status-many",
        "status",
        "Up to 100 orders",
        "Keyed by the IDs as you sent them. An unknown ID only affects its own entry.",
        (ORDER_IDS,),
    ),
    Call(
        "orders",
        "orders",
        "Your orders",
        "Newest first. For the next page, send the last ID as before; an empty list is the end.",
        (LIMIT, BEFORE),
    ),
    Call(
        "refill",
        "refill",
        "One order",
        "Requests a refill of a completed order, if its service has refills. "
        "Returns the refill's ID.",
        (ORDER_ID,),
    ),
    Call(
        "refill-many", "refill", "Up to 100 orders", "In the order of your request.", (ORDER_IDS,)
    ),
    Call("refill_status", "refill_status", "One refill", "The status of a refill.", (REFILL_ID,)),
    Call(
        "refill_status-many",
        "refill_status",
        "Up to 100 refills",
        "In the order of your request.",
        (REFILL_IDS,),
    ),
    Call(
        "cancel",
        "cancel",
        "Up to 100 orders",
        "1 means the cancellation was requested. The order's status shows the result and the "
        "refund.",
        (ORDER_IDS,),
    ),
    Call("balance", "balance", "Your balance", "Your current balance.", ()),
)
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "services": "List the services",
        "add": "Place an order",
        "status": "Check orders",
        "orders": "List your orders",
        "refill": "Request refills",
        "refill_status": "Check refills",
        "cancel": "Request cancellations",
        "balance": "Get your balance",
    }
)


def calls_of(action: str) -> tuple[Call, ...]:
    """Every call of that action."""
    return tuple(call for call in CALLS if call.action == action)
