"""What people type into search fields."""

from typing import Final

QUERY_LENGTH: Final = 200


def is_id(text: str) -> bool:
    """Whether the text can be a row's id: digits, within a bigint."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def to_id(text: str) -> int | None:
    """The row's id that the text is, if it can be one."""
    return int(text) if is_id(text) else None


def printable(text: str) -> str:
    """A search as it can be asked of the database: no control characters, trimmed, of sensible
    length.
    """
    return "".join(character for character in text if character.isprintable()).strip()[
        :QUERY_LENGTH
    ]
