"""Status replies in a dialect."""

from typing import Any

from tests.double.answers import Answer
from tests.double.dialects import WORD, Dialect

Row = dict[str, Any]
WORDS = {
    "compact": {"In progress": "Inprogress", "Completed": "Complete"},
    "british": {"Canceled": "Cancelled"},
    "refunded": {"Partial": "Partially refunded", "Canceled": "Refunded"},
    "queued": {"Pending": "Awaiting", "Processing": "Queued"},
    "failed": {"Canceled": "Fail"},
}


def phrase_status(answer: Answer, dialect: Dialect) -> Any:
    """Write one row, or many in the dialect's shape."""
    if not answer.is_many:
        return _row(answer.payload, dialect) if isinstance(answer.payload, dict) else answer.payload
    rows: dict[str, Any] = {
        _id(text, dialect): _row(row, dialect) for text, row in answer.payload.items()
    }
    if dialect.unknown_left_out:
        rows = {text: row for text, row in rows.items() if "error" not in row}
    if dialect.bare_errors:
        rows = {text: row.get("error", row) for text, row in rows.items()}
    if dialect.resorted:
        rows = dict(sorted(rows.items(), key=lambda item: item[0].zfill(20)))
    if not rows:
        return {} if dialect.empty_object == "object" else []
    if dialect.status_shape == "list":
        return [_listed(text, row, dialect) for text, row in rows.items()]
    if dialect.status_shape == "flat" and len(rows) == 1:
        return next(iter(rows.values()))
    return rows


def _id(text: str, dialect: Dialect) -> str:
    return f"{WORD}{text}" if dialect.ids == "word" else text


def _listed(text: str, row: Any, dialect: Dialect) -> Any:
    number = int(text) if text.isascii() and text.isdigit() and dialect.ids != "text" else text
    return {"order": number, **(row if isinstance(row, dict) else {"error": row})}


def _row(row: Row, dialect: Dialect) -> Row:
    if "error" in row:
        return row
    changed = {**row}
    if isinstance(row.get("status"), str):
        changed["status"] = _word(row["status"], dialect)
    _start_count(changed, dialect)
    if dialect.remains == "number" and str(row.get("remains")).lstrip("-").isdigit():
        changed["remains"] = int(row["remains"])
    _charge(changed, dialect)
    return changed


def _start_count(row: Row, dialect: Dialect) -> None:
    match dialect.start_counts:
        case "number" if row.get("start_count"):
            row["start_count"] = int(row["start_count"])
        case "null":
            row["start_count"] = None
        case "empty":
            row["start_count"] = ""
        case "absent":
            row.pop("start_count", None)


def _charge(row: Row, dialect: Dialect) -> None:
    match dialect.charges:
        case "number" if row.get("charge"):
            row["charge"] = float(row["charge"])
        case "null":
            row["charge"] = None
        case "absent":
            row.pop("charge", None)


def _word(word: str, dialect: Dialect) -> str:
    match dialect.words:
        case "lower":
            return word.lower()
        case "upper":
            return word.upper()
        case "underscore":
            return word.lower().replace(" ", "_")
        case "hyphen":
            return word.lower().replace(" ", "-")
    return WORDS.get(dialect.words, {}).get(word, word)
