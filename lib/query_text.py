"""Text of search fields and query parameters."""

from typing import Final

MAX_QUERY: Final = 200


def is_id(text: str) -> bool:
    """Whether the text can be a row's id."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def to_id(text: str) -> int | None:
    """The text as a row's id, None where it cannot be one."""
    return int(text) if is_id(text) else None


def printable(text: str) -> str:
    """A search text for the database: printable, trimmed, at most MAX_QUERY characters."""
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_QUERY]
