"""Lists of ids as programs send them: "1,2,3". Responses repeat each id as sent, without blanks."""

import re
from collections.abc import Iterable
from typing import Final

from lib.query_text import to_id
from lib.typed_numbers import whole_number
from lib.typed_text import compact
from orders.api.answers import ApiError

SEPARATORS: Final = re.compile(r"[,;\s]")  # people paste a column, too
MAX_IDS: Final = 100  # per request


def read_ids(text: str, *, nothing: str) -> list[str]:
    """The ids of a list in order, including duplicates.

    Raises ApiError if there are too many, with the text `nothing` if there are none.
    """
    ids = [each for each in map(compact, SEPARATORS.split(text)) if each]
    if not ids:
        raise ApiError(nothing)
    if len(ids) > MAX_IDS:
        raise ApiError(f"Up to {MAX_IDS} IDs per request")
    return ids


def as_number(text: str) -> int | None:
    """The id as a primary key; None if it cannot be one."""
    return to_id(whole_number(text))


def numbers(ids: Iterable[str]) -> list[int]:
    """The ids that can be a primary key."""
    return [number for number in map(as_number, ids) if number is not None]


def as_sent(text: str) -> int | str:
    """The id in a list response: a number if it is one, else its text."""
    number = as_number(text)
    return text if number is None else number
