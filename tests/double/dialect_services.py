"""The catalog in a dialect."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.double.dialects import Dialect

Row = dict[str, Any]
FLAGS = ("refill", "cancel", "dripfeed")
EXTRAS = ("dripfeed", "average_time", "description")
BROKEN: tuple[Any, ...] = (
    {"rate": "NaN"},
    {"rate": "-0.50"},
    {"rate": ""},
    {"rate": None},
    {"rate": "free"},
    {"rate": "Infinity"},
    {"rate": "1e999"},
    {"min": "100", "max": "10"},
    {"min": "ten"},
    {"max": None},
    {"name": None},
)
FIRST_BROKEN = 900_001
BOOLEANS: dict[str, Callable[[bool], Any]] = {
    "bool": bool,
    "number": int,
    "digit_text": lambda flag: str(int(flag)),
    "word_text": lambda flag: str(flag).lower(),
    "yes_no": lambda flag: "yes" if flag else "no",
    "null": lambda flag: flag or None,
    "absent": lambda flag: flag or None,
}


def phrase_services(rows: list[Row], dialect: Dialect) -> Any:
    """Write the list; an empty one in the dialect's way."""
    if not rows and dialect.empty == "status_data":
        return {"status": "success", "data": "Empty Data"}
    phrased: list[Any] = [_row(row, dialect) for row in rows]
    if dialect.duplicate_ids and phrased:
        phrased.append({**phrased[0], "name": "The same id again", "rate": "77.70"})
    if dialect.broken_rows and phrased:
        phrased += [
            {**phrased[0], "service": FIRST_BROKEN + number, "name": f"Broken {number}", **fault}
            for number, fault in enumerate(BROKEN)
        ]
        phrased += ["not a row", None, {"name": "No id"}]
    return phrased if dialect.wrap == "none" else {dialect.wrap: phrased}


def _row(row: Row, dialect: Dialect) -> Row:
    flags = {name: BOOLEANS[dialect.booleans](row[name]) for name in FLAGS}
    changed = {
        **row,
        **flags,
        "service": str(row["service"]) if dialect.ids == "text" else row["service"],
        "type": _type(row["type"], dialect),
        "category": None if dialect.null_category else row["category"],
        "rate": _rate(row["rate"], dialect),
    }
    if dialect.limits == "number":
        changed |= {"min": int(row["min"]), "max": int(row["max"])}
    if dialect.booleans == "absent":
        changed = {
            name: value for name, value in changed.items() if not (name in FLAGS and value is None)
        }
    if dialect.plain_services:
        return {name: value for name, value in changed.items() if name not in EXTRAS}
    if dialect.description_key != "description":
        changed[dialect.description_key] = changed.pop("description")
    return changed


def _type(name: str, dialect: Dialect) -> str:
    match dialect.types:
        case "lower":
            return name.lower()
        case "upper":
            return name.upper()
        case "underscore":
            return name.lower().replace(" ", "_")
    return name


def _rate(text: str, dialect: Dialect) -> Any:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return text
    match dialect.rates:
        case "number":
            return float(rate)
        case "eight":
            return f"{rate:.8f}"
        case "thousands":
            return f"{rate:,f}"
    return text
