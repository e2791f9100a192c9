"""Status replies that are not true."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.double.answers import Answer
from tests.double.faults import Fault
from tests.double.money import shown
from tests.double.orders import Order
from tests.double.read_actions import INCORRECT_ORDER
from tests.double.world import World

Row = dict[str, Any]
NOBODYS = 999_999_999  # an id far beyond all that were given


def lie(*, answer: Answer, world: World, fault: Fault, fields: dict[str, str]) -> Answer:
    """Falsify a status answer as the fault says; only the ids it names, or all."""
    rows: dict[str, Row] = (
        answer.payload if answer.is_many else {fields.get("order", ""): answer.payload}
    )
    match fault.mode:
        case "missing_ids":
            meant = fault.ids or list(rows)[::2]
            rows = {text: row for text, row in rows.items() if text not in meant}
        case "foreign_ids":
            rows = {**rows, **_not_asked(world=world, asked=rows)}
        case _:
            rows = {text: _lied(text, row, world=world, fault=fault) for text, row in rows.items()}
    if answer.is_many:
        return replace(answer, payload=rows)
    # what PHP writes for an empty array, where the one row is gone
    return replace(answer, payload=rows.get(fields.get("order", ""), []))


def _lied(text: str, row: Row, *, world: World, fault: Fault) -> Row:
    order = world.orders.get(int(text)) if text.isascii() and text.isdigit() else None
    if order is None or "error" in row or (fault.ids and text not in fault.ids):
        return row
    if fault.mode == "forgotten" or (
        fault.mode == "incorrect_young" and _age(order, world) < fault.wait
    ):
        return {"error": INCORRECT_ORDER}
    if fault.mode in ("remains_missing", "charge_missing"):
        return {
            name: value
            for name, value in row.items()
            if name != fault.mode.removesuffix("_missing")
        }
    changes = CHANGES.get(fault.mode)
    return {**row, **changes(order)} if changes else row


def _age(order: Order, world: World) -> float:
    return world.clock.now() - order.placed_at


def _not_asked(*, world: World, asked: dict[str, Row]) -> dict[str, Row]:
    """Write Canceled for an id of nobody, and for an order of the caller's that was not asked
    for.
    """
    ours = [
        str(order.id)
        for order in world.orders.values()
        if order.account == "ours" and str(order.id) not in asked
    ]
    row = {
        "charge": "0.00",
        "start_count": "0",
        "status": "Canceled",
        "remains": "1000",
        "currency": world.options.currency,
    }
    return dict.fromkeys((str(NOBODYS), *ours[:1]), row)


CHANGES: dict[str, Callable[[Order], Row]] = {
    "unknown_word": lambda _: {"status": "On review"},
    "backwards": lambda order: {
        "charge": shown(order.charge),
        "status": "In progress",
        "remains": str(order.quantity),
    },
    "remains_unknown": lambda _: {"remains": "Unknown"},
    "remains_negative": lambda _: {"remains": "-57"},
    "remains_too_large": lambda order: {"remains": str(order.quantity * 10 + 1)},
    "remains_null": lambda _: {"remains": None},
    "remains_empty": lambda _: {"remains": ""},
    "charge_null": lambda _: {"charge": None},
    "start_count_null": lambda _: {"start_count": None},
    "all_canceled": lambda order: {
        "charge": "0.00",
        "start_count": "0",
        "status": "Canceled",
        "remains": str(order.quantity),
    },
}
