"""Text of search fields and query parameters."""

import unicodedata
from typing import Final

from lib.typed_text import one_line

MAX_QUERY: Final = 200


def is_id(text: str) -> bool:
    """Whether the text can be a row's id."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def to_id(text: str) -> int | None:
    """The text as a row's id, None where it cannot be one."""
    return int(text) if is_id(text) else None


def printable(text: str) -> str:
    """A search text for the database: one line without unseen characters, at most MAX_QUERY."""
    shown = (character for character in one_line(text) if not _is_control(character))
    return "".join(shown).strip()[:MAX_QUERY]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Cn"}
