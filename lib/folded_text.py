"""Text as people mean it: without case, accents and the fancy letters that sellers write in."""

import unicodedata
from typing import Final

# What Unicode's own compatibility forms leave alone: small capitals and letters in boxes
_SMALL: Final = ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıøłđς", "abcdefghijklmnoprstuvwyziold\u03c3")
_BOXED: Final = "".join(chr(first + number) for first in (0x1F150, 0x1F170) for number in range(26))
FANCY: Final = _SMALL[0] + _BOXED
MEANT: Final = _SMALL[1] + "abcdefghijklmnopqrstuvwxyz" * 2
# accents, enclosing marks, variation selectors, and joiners and marks that take no room
DROPPED: Final = "\u00ad\u034f\u0300-\u036f\u200b-\u200f\u2060\u20d0-\u20f0\ufe00-\ufe0f\ufeff"

_TABLE: Final = str.maketrans(FANCY, MEANT)
_RANGES: Final = (
    *((ord(one), ord(one)) for one in "\u00ad\u034f\u2060\ufeff"),
    (0x0300, 0x036F),
    (0x200B, 0x200F),
    (0x20D0, 0x20F0),
    (0xFE00, 0xFE0F),
)
_REMOVED: Final = {code: None for first, last in _RANGES for code in range(first, last + 1)}


def folded(text: str) -> str:
    """Bold, boxed, small-capital, accented and plain ULTRA are all "ultra".

    The database folds stored names by the same tables (`catalog.models.folded_names`).
    """
    bare = unicodedata.normalize("NFKD", text).translate(_REMOVED)
    return bare.lower().translate(_TABLE)
