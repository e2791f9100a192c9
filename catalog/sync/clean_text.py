"""Clean a provider's texts: decode entities, remove control and direction characters."""

import re
from typing import Final

from catalog.upstream import plain_text

# control characters but line breaks, lone surrogates, marks that change the text direction
UNWANTED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
BLANKS: Final = re.compile(r"\s+")
LINE_ENDS: Final = re.compile(r"\r\n?|\u2028|\u2029|<br\s*/?>", re.IGNORECASE)


def clean_line(text: str, *, length: int) -> str:
    """One line: entities decoded, controls removed, single spaces, cut to `length`."""
    decoded = plain_text(text[: 8 * length])
    return BLANKS.sub(" ", UNWANTED.sub(" ", decoded)).strip()[:length].strip()


def clean_text(text: str, *, length: int) -> str:
    """As `clean_line`, but with line breaks, also for `<br>`; other tags stay text."""
    decoded = LINE_ENDS.sub("\n", plain_text(text[: 8 * length]))
    return UNWANTED.sub("", decoded).strip()[:length].strip()
