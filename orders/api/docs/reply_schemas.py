"""The response of each API call: an example, and the JSON Schema of every response.

Source: sections 1 and 4 of the protocol notes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

Schema = dict[str, Any]

ORDER_STATUSES: Final = ("Pending", "In progress", "Processing", "Completed", "Partial", "Canceled")
REFILL_STATUSES: Final = ("Pending", "In progress", "Completed", "Rejected", "Canceled")
AMOUNT: Final = r"^-?[0-9]+(\.[0-9]+)?$"  # a plain decimal, never with an exponent


@dataclass(frozen=True, slots=True)
class Reply:
    """The response of a call: its name in the OpenAPI description, an example, its schema."""

    name: str
    example: object
    schema: Schema


def ref(name: str) -> Schema:
    """A reference to a component's schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(pattern: str = "", *, note: str = "") -> Schema:
    return (
        {"type": "string"}
        | ({"pattern": pattern} if pattern else {})
        | ({"description": note} if note else {})
    )


def _one_of(words: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _rows(**properties: Schema) -> Schema:
    return {"type": "array", "maxItems": 100, "items": _object(**properties)}


ID: Final[Schema] = {"type": "integer", "minimum": 1}
WHOLE: Final = r"^[0-9]+$"
ID_AS_SENT: Final[Schema] = {
    "type": ["integer", "string"],
    "description": "The id, as text if it is not a number",
}
ERROR: Final = _object(error={"type": "string", "minLength": 1})
SERVICE_EXTRA: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "dripfeed": {"type": "boolean"},
        "desc": _text(note="The description"),
        "average_time": _text(),
        "currency": _text("^[A-Z]{3}$"),
    }
)
SERVICE: Final = _object(
    service=ID,
    name=_text(),
    type=_text(),
    category=_text(),
    rate=_text(AMOUNT, note="Price per 1000, or per order for types sold per order"),
    min=_text(WHOLE),
    max=_text(WHOLE),
    refill={"type": "boolean"},
    cancel={"type": "boolean"},
)
ORDER_STATUS: Final = _object(
    charge=_text(AMOUNT, note="What you paid minus refunds"),
    start_count=_text(WHOLE, note="0 if unknown"),
    status=_one_of(ORDER_STATUSES),
    remains=_text(WHOLE, note="Units left to deliver"),
    currency=_text("^[A-Z]{3}$"),
)
OWN_ORDER: Final = _object(
    order=ID,
    service=ID,
    link=_text(note="Empty for subscriptions"),
    quantity=_text(WHOLE, note="Units ordered, all runs together"),
    created=_text(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", note="In UTC"),
    **ORDER_STATUS["properties"],
)
_UNKNOWN: Final = {"error": "Incorrect order ID"}
_SHEET: Final = {
    "charge": "0.27819",
    "start_count": "3572",
    "status": "Partial",
    "remains": "157",
    "currency": "USD",
}

REPLIES: Final[Mapping[str, Reply]] = MappingProxyType(
    {
        "services": Reply(
            "ServicesReply",
            [
                {
                    "service": 1,
                    "name": "Followers",
                    "type": "Default",
                    "category": "First Category",
                    "rate": "0.90",
                    "min": "50",
                    "max": "10000",
                    "refill": True,
                    "cancel": True,
                }
            ],
            {"type": "array", "items": ref("Service")},
        ),
        "add": Reply("AddReply", {"order": 23501}, _object(order=ID)),
        "status": Reply("StatusReply", _SHEET, ref("OrderStatus")),
        "status-many": Reply(
            "StatusManyReply",
            {"1": _SHEET, "10": _UNKNOWN},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 100,
                "additionalProperties": {"oneOf": [ref("OrderStatus"), ref("Error")]},
            },
        ),
        "orders": Reply(
            "OrdersReply",
            [
                {
                    "order": 23501,
                    "service": 1,
                    "link": "https://example.com/page",
                    "quantity": "1000",
                    "created": "2026-03-14T12:00:00Z",
                    **_SHEET,
                }
            ],
            {"type": "array", "maxItems": 100, "items": ref("OwnOrder")},
        ),
        "refill": Reply("RefillReply", {"refill": "1"}, _object(refill=_text(WHOLE))),
        "refill-many": Reply(
            "RefillManyReply",
            [{"order": 1, "refill": 1}, {"order": 3, "refill": _UNKNOWN}],
            _rows(order=ID_AS_SENT, refill={"oneOf": [ID, ref("Error")]}),
        ),
        "refill_status": Reply(
            "RefillStatusReply", {"status": "Completed"}, _object(status=_one_of(REFILL_STATUSES))
        ),
        "refill_status-many": Reply(
            "RefillStatusManyReply",
            [
                {"refill": 1, "status": "Completed"},
                {"refill": 3, "status": {"error": "Refill not found"}},
            ],
            _rows(refill=ID_AS_SENT, status={"oneOf": [_one_of(REFILL_STATUSES), ref("Error")]}),
        ),
        "cancel": Reply(
            "CancelReply",
            [{"order": 9, "cancel": _UNKNOWN}, {"order": 2, "cancel": 1}],
            _rows(order=ID_AS_SENT, cancel={"oneOf": [{"const": 1}, ref("Error")]}),
        ),
        "balance": Reply(
            "BalanceReply",
            {"balance": "100.84292", "currency": "USD"},
            _object(balance=_text(AMOUNT), currency=_text("^[A-Z]{3}$")),
        ),
    }
)
