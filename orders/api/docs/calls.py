"""The served API in words: every call of every action, and `add` once for each service type.

Nothing of it is written twice: actions and scopes come from `actions.ACTIONS`, the fields of `add`
from the table of service types that checks orders, their limits from `checking`. A page and a
description for programs are made of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from catalog.upstream.service_types import TYPES, Field, Kind, ServiceType
from orders.api.actions import ACTIONS, Scope
from orders.api.docs.reply_schemas import REPLIES, Reply
from orders.placing.check_fields import MAX_LINES, MAX_NUMBER, NUMBER_LIMITS, TEXT_LENGTH

Form = Literal["text", "lines", "number", "id", "ids", "amount", "url", "date", "choice"]
FORMS: Final[Mapping[Kind, Form]] = MappingProxyType(
    {
        "link": "text",  # providers take bare names for links
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
    condition: tuple[str, str] | None = None  # required where the field of that name has that value
    is_required: bool = True
    least: int | None = None
    most: int | None = None
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def when(self) -> str:
        """When it has to be sent."""
        if self.condition:
            return f"required if {self.condition[0]} is {self.condition[1]}"
        return "required" if self.is_required else "optional"


@dataclass(frozen=True, slots=True)
class Call:
    """One way to ask for an action."""

    anchor: str  # its place on the page, and its key in `REPLIES`
    action: str
    title: str
    text: str
    parameters: tuple[Parameter, ...]
    kind: ServiceType | None = None  # the service type, of `add`

    @property
    def scope(self) -> Scope:
        """What a key must be allowed."""
        return ACTIONS[self.action].scope

    @property
    def reply(self) -> Reply:
        """What is answered where there is no error."""
        return REPLIES["add" if self.kind else self.anchor]


SERVICE_ID: Final = Parameter("service", "id", "The service's ID, of services")
IDEMPOTENCY_KEY: Final = Parameter(
    "idempotency_key",
    "text",
    "Your own word for this order: sent again, it gives the same order; also as the header Idempotency-Key",
    limits="1 to 96 characters",
    is_required=False,
)
MAX_CHARGE: Final = Parameter(
    "max_charge", "amount", "The order is refused where it would cost more", is_required=False
)
ORDER_ID: Final = Parameter("order", "id", "The order's ID")
ORDER_IDS: Final = Parameter(
    "orders", "ids", "Orders' IDs with commas between them", limits="up to 100"
)
REFILL_ID: Final = Parameter("refill", "id", "The refill's ID, of refill")
REFILL_IDS: Final = Parameter(
    "refills", "ids", "Refills' IDs with commas between them", limits="up to 100"
)
WHOLE: Final = "whole number"
BILLED: Final = {
    "quantity": "Billed: the quantity, at the rate per 1000.",
    "lines": "Billed: the lines that are not empty, at the rate per 1000.",
    "order": "Billed: the rate, which is the price of one order.",
    "post": "Billed: the rate for each new post that was served, when it was served; nothing at once.",
}


def anchor_of(kind: ServiceType) -> str:
    """Where orders of that type are described."""
    return f"add-{kind.name.lower().replace(' ', '-')}"


def parameter_of(field: Field) -> Parameter:
    """A field of the table of service types as it is asked for."""
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
    """Least, most, and both in words."""
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
            f"up to {MAX_LINES:,} lines; \\r\\n, \\n or a written-out backslash-n between them",
        )
    if field.kind == "choice":
        return None, None, "; ".join(f"{value}: {label}" for value, label in field.choices)
    if field.kind == "date":
        return None, None, "day/month/year"
    return None, None, f"up to {TEXT_LENGTH:,} characters"


def _billed(kind: ServiceType) -> str:
    text = BILLED[kind.billed_by]
    if kind.has_dripfeed:
        text += " With runs and interval, a drip-feed: the quantity of every run."
    if kind.billed_by == "lines":
        text += f" The service's min and max hold for the number of lines of {kind.lines_field}."
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
    Call("services", "services", "All services", "What you can buy now, at your price.", ()),
    *_adds(),
    Call(
        "status", "status", "One order",
        "Pending until the order has started. The charge is what you paid, less what was refunded.", (ORDER_ID,),
    ),
    Call(
        "status-many", "status", "Up to 100 orders",
        "By the IDs as you sent them. An unknown ID spoils only its own answer.", (ORDER_IDS,),
    ),
    Call(
        "refill", "refill", "One order",
        "Asks for a refill of a completed order, where its service has refills. The answer is the refill's ID.",
        (ORDER_ID,),
    ),
    Call("refill-many", "refill", "Up to 100 orders", "In the order in which you asked.", (ORDER_IDS,)),
    Call("refill_status", "refill_status", "One refill", "Where a refill stands.", (REFILL_ID,)),
    Call(
        "refill_status-many", "refill_status", "Up to 100 refills", "In the order in which you asked.", (REFILL_IDS,)
    ),
    Call(
        "cancel", "cancel", "Up to 100 orders",
        "1 says that the cancellation was asked for. What came of it, and what was refunded, tells the order's status.",
        (ORDER_IDS,),
    ),
    Call("balance", "balance", "Your balance", "What you can spend now.", ()),
)  # fmt: skip
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "services": "List the services",
        "add": "Place an order",
        "status": "Follow orders",
        "refill": "Ask for refills",
        "refill_status": "Follow refills",
        "cancel": "Ask to cancel",
        "balance": "Read the balance",
    }
)


def calls_of(action: str) -> tuple[Call, ...]:
    """Every way to ask for that action."""
    return tuple(call for call in CALLS if call.action == action)
