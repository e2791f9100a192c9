"""The dialects of API v2: every shape met in the wild, each switched on by itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

WORD = "ORD-"  # before the number of an order, where ids are words


def one_of(*words: str) -> Any:
    """Declare a choice; the first is as documented."""
    return field(default=words[0], metadata={"words": words})


@dataclass(slots=True)
class Dialect:
    """How answers are phrased. Everything combines; the defaults are the documentation's own."""

    # all replies
    bom: bool = False
    php_warning: bool = False
    content_type: str = "application/json"
    ids: str = one_of("documented", "text", "number", "word")  # word: orders are "ORD-17"
    currency: str = ""  # as balance and status name it; "": the option's, "absent": not at all
    # errors
    error_shape: str = one_of(
        "documented",
        "status_code",
        "status_msg",
        "status_message",
        "success_false",
        "errors",
        "detail",
    )
    error_status: int = 200
    error_words: str = one_of("plain", "keys")
    # only the single forms are known: several ids are "Incorrect order ID"
    multi_unknown: bool = False
    # services
    booleans: str = one_of("bool", "number", "digit_text", "word_text", "yes_no", "null", "absent")
    null_category: bool = False
    types: str = one_of("documented", "lower", "upper", "underscore")
    wrap: str = one_of("none", "data", "services")
    empty: str = one_of("list", "status_data")
    rates: str = one_of("text", "number", "eight", "thousands")
    limits: str = one_of("text", "number")
    plain_services: bool = False  # only the nine documented keys
    description_key: str = one_of("description", "desc")
    broken_rows: bool = False
    duplicate_ids: bool = False
    # status
    words: str = one_of(
        "documented",
        "lower",
        "upper",
        "compact",
        "underscore",
        "hyphen",
        "british",
        "refunded",
        "queued",
        "failed",
    )
    status_shape: str = one_of("object", "list", "flat")
    empty_object: str = one_of("object", "list")
    bare_errors: bool = False
    resorted: bool = False
    unknown_left_out: bool = False
    start_counts: str = one_of("text", "number", "null", "empty", "absent")
    remains: str = one_of("text", "number")
    charges: str = one_of("text", "number", "null", "absent")
    # refill, refill_status, cancel, balance
    refill_shape: str = one_of("documented", "single", "success")
    refill_status_shape: str = one_of("documented", "nested")
    cancel_shape: str = one_of("documented", "object", "success", "no_order", "null_order")
    balances: str = one_of("text", "number")
    version: int = 0

    def change(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Switch parts of it; answers all of it; raises ValueError, with nothing changed,
        for what does not exist.
        """
        known = {part.name: part for part in fields(self) if part.name != "version"}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"no such dialect: {name}")
            words = known[name].metadata.get("words")
            if type(value) is not type(known[name].default) or (words and value not in words):
                raise ValueError(
                    f"dialect {name} knows {words or type(known[name].default).__name__}, not {value!r}"
                )
        for name, value in wanted.items():
            setattr(self, name, value)
        self.version += 1
        return asdict(self)

    def understands(self, request: Mapping[str, str]) -> bool:
        """Whether this provider knows the form of a request; `cancel` has only the plural
        one, here for one id.
        """
        several = request.get("orders", request.get("refills"))
        if not self.multi_unknown or several is None:
            return True
        return request.get("action") == "cancel" and "," not in several

    def heard(self, request: dict[str, str]) -> dict[str, str]:
        """Understand a request as this provider does: some know only the single form of refill."""
        if self.ids == "word":
            request = {
                name: text.replace(WORD, "") if name in {"order", "orders"} else text
                for name, text in request.items()
            }
        if (
            self.refill_shape == "single"
            and request.get("action") == "refill"
            and "orders" in request
        ):
            first = request["orders"].split(",")[0].strip()
            return {
                **{name: text for name, text in request.items() if name != "orders"},
                "order": first,
            }
        return request
