"""What one API request is answered, before a dialect or a fault gets hold of it."""

from dataclasses import dataclass
from typing import Any

ACTIONS = ("services", "add", "status", "refill", "refill_status", "cancel", "balance")
MOST_IDS = 100  # in one request, as documented


class Refusal(Exception):
    """The whole request is refused; the text is the provider's definite `error`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A documented reply as JSON values; `is_many` where the request used the plural form."""

    action: str
    payload: Any
    is_many: bool = False
    is_error: bool = False
    version: int | None = None  # of a payload that need not be written anew each time


def ids_in(text: str, *, nothing: str) -> list[str]:
    """Split a plural field; raises Refusal for more than 100 ids, or with `nothing` where there
    is none.
    """
    ids = [part.strip() for part in text.split(",") if part.strip()]
    if not ids:
        raise Refusal(nothing)
    if len(ids) > MOST_IDS:
        raise Refusal("Up to 100 IDs per request")
    return ids


def as_number(text: str) -> int | str:
    """Answer an id as a JSON number, or its text where it is none."""
    return int(text) if text.isascii() and text.isdigit() else text
