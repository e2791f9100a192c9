"""Lists of ids as programs send them: "1,2,3", each shown again as it was sent."""

from collections.abc import Iterable
from typing import Final

from lib.query_text import is_id
from orders.api.answers import ApiError

MAX_IDS: Final = 100  # of one request


def read_ids(text: str, *, nothing: str) -> list[str]:
    """The ids in a list, in their order, doubles included.

    Raises ApiError where there are more than 100, the error `nothing` where there is none.
    """
    ids = [each for each in map(str.strip, text.split(",")) if each]
    if not ids:
        raise ApiError(nothing)
    if len(ids) > MAX_IDS:
        raise ApiError(f"Up to {MAX_IDS} IDs per request")
    return ids


def as_number(text: str) -> int | None:
    """The id as a row's primary key; None for what can be none."""
    return int(text) if is_id(text) else None


def numbers(ids: Iterable[str]) -> list[int]:
    """Those of the ids that can be a primary key."""
    return [number for number in map(as_number, ids) if number is not None]


def as_sent(text: str) -> int | str:
    """The id in a list reply: a number where it is one, else its text."""
    number = as_number(text)
    return text if number is None else number
