"""Makes a provider's texts fit to be kept: still untrusted, but without entities and invisible
tricks. Pure.
"""

import re
from typing import Final

from catalog.upstream import plain_text

# Control characters but line breaks; half surrogates; marks that turn the direction of what
# follows.
UNWANTED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
BLANKS: Final = re.compile(r"\s+")
LINE_ENDS: Final = re.compile(r"\r\n?|\u2028|\u2029|<br\s*/?>", re.IGNORECASE)


def clean_line(text: str, *, length: int) -> str:
    """A name on one line: entities decoded (also those escaped twice), controls out, blanks
    single, cut to `length`.
    """
    decoded = plain_text(text[: 8 * length])
    return BLANKS.sub(" ", UNWANTED.sub(" ", decoded)).strip()[:length].strip()


def clean_text(text: str, *, length: int) -> str:
    """A description as plain text: as `clean_line`, but its lines stay, and `<br>` ends one.

    Tags are left as text.
    """
    decoded = LINE_ENDS.sub("\n", plain_text(text[: 8 * length]))
    return UNWANTED.sub("", decoded).strip()[:length].strip()
