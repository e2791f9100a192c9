"""Text as people and programs paste it, made plain at the door.

Pasted text carries characters that nobody sees: byte order marks, zero-width spaces, marks that
turn the direction, letters that look blank. They make equal things differ, so they are taken out
before anything is compared or stored.
"""

import re
import unicodedata
from typing import Final

# Format characters and others that take no room. Not the Arabic number signs, which are visible
# although Unicode calls them format characters, too.
_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# spaces of every width, and letters and symbols that look like one
_BLANK: Final = (
    "\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u2800\u3164\uffa0\U0001d159"
)
_VISIBLE: Final = rf"[^\x00-\x7f{_UNSEEN}{_BLANK}]"

EDGES: Final = (
    " \t\r\u00a0\u1680\u202f\u205f\u3000\u115f\u1160\u2800\u3164\uffa0\U0001d159"
    + "".join(map(chr, range(0x2000, 0x200B)))
)
UNSEEN: Final = re.compile(f"[{_UNSEEN}]")
BLANKS: Final = re.compile(f"[{_BLANK}]+")
SPACES: Final = re.compile(rf"[\s{_BLANK}]+")
# What emoji and some scripts need: joiners between two of their characters, the choice of a
# character's look, and the letters behind a flag.
_NEEDED: Final = re.compile(
    rf"(?P<needed>(?<={_VISIBLE})[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    rf"|(?<=[0-9#*])\ufe0f(?=\u20e3)"
    rf"|(?:(?<={_VISIBLE})|(?<=[\ufe0e\ufe0f]))[\u200c\u200d](?={_VISIBLE})"
    rf"|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f)"
    rf"|[{_UNSEEN}]"
)


def compact(text: str) -> str:
    """Keys, ids and addresses: nothing unseen, and no blank inside either."""
    return SPACES.sub("", UNSEEN.sub("", text))


def spaced(text: str) -> str:
    """A link or a field: emoji as they are, any blank as one space. Line breaks stay."""
    return BLANKS.sub(" ", without_unseen(text)).strip()


def one_line(text: str) -> str:
    """A name or a sentence: emoji as they are, any white space as one space."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", without_unseen(text))).strip()


def many_lines(text: str) -> str:
    """A text whose line breaks and inner spaces stay; what looks blank ends no line."""
    if text.isascii():
        return text
    lines = without_unseen(text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.strip(EDGES) for line in lines)


def without_unseen(text: str) -> str:
    """The text without unseen characters, but for those that emoji and scripts need."""
    if text.isascii():
        return text
    return _NEEDED.sub(lambda found: found["needed"] or "", text)


def is_visible(text: str) -> bool:
    """Whether there is anything to be seen."""
    return bool(compact(text))
