"""Numbers as people type them: `1,000`, `1 000`, `1'000`. What could be two numbers is none."""

import re
from typing import Final

from lib.typed_text import BLANKS, UNSEEN

# the digits and marks of East Asian keyboards, and the minus of typographers
PLAIN: Final = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x2212: "-"}
GROUPED: Final = re.compile(r"([+-]?)([0-9]{1,3}(?:([,' ’])[0-9]{3})(?:\3[0-9]{3})*)(\.[0-9]*)?")
# more than one point cannot be a decimal's
POINTED: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}")
# not three: 1.000 is a thousand for some and one for others
NO_FRACTION: Final = re.compile(r"(?<=[0-9])\.(?:0{0,2}|0{4,})$")


def ungrouped_number(text: str) -> str:
    """The number without its groups' separators; any other text without blanks around it."""
    text = BLANKS.sub(" ", UNSEEN.sub("", text)).strip().translate(PLAIN)
    found = GROUPED.fullmatch(text)
    if found:
        return found[1] + re.sub("[^0-9]", "", found[2]) + (found[4] or "")
    return text.replace(".", "") if POINTED.fullmatch(text) else text


def whole_number(text: str) -> str:
    """As `ungrouped_number`, and without a fraction of nothing: 1000.0 is 1000."""
    return NO_FRACTION.sub("", ungrouped_number(text))
