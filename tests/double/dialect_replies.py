"""From a documented answer to the bytes of a dialect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.double.answers import Answer
from tests.double.dialect_services import phrase_services
from tests.double.dialect_statuses import phrase_status
from tests.double.dialects import WORD, Dialect
from tests.double.wire import dumped

BOM = b"\xef\xbb\xbf"
PHP_WARNING = (
    b"<br />\n<b>Warning</b>:  Undefined variable $order in <b>/var/www/api/v2.php</b> "
    b"on line <b>217</b><br />\n"
)
KEYS = {
    "Incorrect link": "neworder.error.link",
    "Quantity less than minimal": "neworder.error.min_quantity",
    "Quantity more than maximum": "neworder.error.max_quantity",
    "Not enough funds on balance": "neworder.error.not_enough_funds",
    "You have active order with this link": "neworder.error.link_duplicate",
}
ERROR_SHAPES: dict[str, Callable[[str], Any]] = {
    "documented": lambda text: {"error": text},
    "status_code": lambda text: {"error": text, "status": "102"},
    "status_msg": lambda text: {"status": "error", "msg": text},
    "status_message": lambda text: {"status": "error", "message": text},
    "success_false": lambda text: {"success": False, "error": text},
    "errors": lambda text: {"errors": {"link": [text]}},
    "detail": lambda text: {
        "detail": [{"loc": ["body", "link"], "msg": text, "type": "value_error"}]
    },
}


@dataclass(frozen=True, slots=True)
class Phrased:
    """A response before it is written."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


class Phrasing:
    """Phrase answers in a dialect; the catalog, which may be megabytes, is kept until it or the
    dialect changes.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._catalog: tuple[tuple[int, int], bytes] | None = None

    def phrase(self, answer: Answer) -> Phrased:
        """Write one answer."""
        dialect = self.dialect
        body = (
            self._catalog_body(answer)
            if answer.version is not None
            else dumped(self._payload(answer))
        )
        if dialect.php_warning:
            body = PHP_WARNING + body
        if dialect.bom:
            body = BOM + body
        return Phrased(body, dialect.error_status if answer.is_error else 200, dialect.content_type)

    def _catalog_body(self, answer: Answer) -> bytes:
        key = (answer.version or 0, self.dialect.version)
        if self._catalog is None or self._catalog[0] != key:
            self._catalog = (key, dumped(self._payload(answer)))
        return self._catalog[1]

    def _payload(self, answer: Answer) -> Any:
        dialect, payload = self.dialect, answer.payload
        if answer.is_error:
            return ERROR_SHAPES[dialect.error_shape](self._error(payload["error"]))
        match answer.action:
            case "services":
                return phrase_services(payload, dialect)
            case "add" if dialect.ids == "text":
                return {"order": str(payload["order"])}
            case "add" if dialect.ids == "word":
                return {"order": f"{WORD}{payload['order']}"}
            case "status":
                return phrase_status(answer, dialect)
            case "refill":
                return _refill(answer, dialect)
            case "refill_status" if dialect.refill_status_shape == "nested":
                return _nested(answer)
            case "cancel":
                return _cancel(payload, dialect)
            case "balance" if dialect.balances == "number":
                return {**payload, "balance": float(payload["balance"])}
        return payload

    def _error(self, text: str) -> str:
        if self.dialect.error_words == "keys":
            return next((key for words, key in KEYS.items() if text.startswith(words)), text)
        return text


def _refill(answer: Answer, dialect: Dialect) -> Any:
    if dialect.refill_shape == "success":
        return {"status": "success"}
    if not answer.is_many:
        number = answer.payload["refill"]
        return {"refill": int(number) if dialect.ids == "number" else number}
    if dialect.ids == "text":
        return [{name: _as_text(value) for name, value in row.items()} for row in answer.payload]
    return _worded(answer.payload, dialect)


def _worded(rows: list[dict[str, Any]], dialect: Dialect) -> list[dict[str, Any]]:
    if dialect.ids != "word":
        return rows
    return [{**row, "order": f"{WORD}{row['order']}"} for row in rows]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _nested(answer: Answer) -> Any:
    if not answer.is_many:
        return {"status": answer.payload}
    return [
        {
            **row,
            "status": {"status": row["status"]}
            if isinstance(row["status"], str)
            else row["status"],
        }
        for row in answer.payload
    ]


def _cancel(rows: list[dict[str, Any]], dialect: Dialect) -> Any:
    match dialect.cancel_shape:
        case "object":
            return {"cancel": rows[0]["cancel"]}
        case "success":
            return {"status": "success"}
        case "no_order":
            return [{"cancel": row["cancel"]} for row in rows]
        case "null_order":
            return [{**row, "order": None} for row in rows]
    if dialect.ids == "text":
        return [{**row, "order": str(row["order"])} for row in rows]
    return _worded(rows, dialect)
