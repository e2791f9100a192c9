"""Numbers in anybody's notation: read where only one reading is possible, else None.

"1,234.5", "1.234,5", "1 234,5", "1'234.5", "12,34,567" and figures of other scripts have one
reading. A figure with one separator and three digits after it has two, "1.234" as well as "1,234":

- a count is read where the comma groups ("1,000"), as the protocol writes it; "1.000" is not read;
- a rate is read as the other rates of its list show (`Notation`), and not at all where none does;
- a charge or balance is read where the point is the decimal point, as the protocol writes it;
- JSON's own numbers are read as JSON has them, but a count of "1.000" is not.
"""

from __future__ import annotations

import enum
import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

MAX_FIGURE = 64  # characters
# rounded to 8 places it fits a numeric(20, 8)
MAX_VALUE = Decimal(999_999_999_999)
MIN_EXPONENT = -30
# decimals of a number with a group separator's look
GROUP = 3

ARABIC_POINT: Final = "\u066b"  # nothing else than a decimal separator
SPELLINGS: Final = str.maketrans(
    {
        "\u2212": "-",
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "`": "'",
        "\u00b4": "'",
        "\u066c": "'",  # Arabic thousands separator
        "\uff0c": ",",
        "\uff0e": ".",
    }
)
PLAIN: Final = re.compile(r"[+-]?\d{1,20}([eE][+-]?\d{1,2})?", re.ASCII)


def _notation(*, decimal: str, group: str) -> re.Pattern[str]:
    """Figures whose decimals follow `decimal`, and whose groups `group`, spaces or "'" divide."""
    mark = rf"[{re.escape(decimal)}{ARABIC_POINT}]"
    other = re.escape(group)
    indian = rf"[1-9]\d?(?:{other}\d{{2}})+{other}\d{{3}}" if group == "," else r"(?!)"
    whole = (
        rf"\d{{1,20}}|[1-9]\d{{0,2}}(?:(?:{other}\d{{3}})+|(?: \d{{3}})+|(?:'\d{{3}})+)|{indian}"
    )
    return re.compile(
        rf"(?P<sign>[+-]?)(?:(?P<whole>{whole})(?:{mark}(?P<part>\d{{0,30}}))?"
        rf"|{mark}(?P<bare>\d{{1,30}}))(?P<power>[eE][+-]?\d{{1,2}})?",
        re.ASCII,
    )


BY_POINT: Final = _notation(decimal=".", group=",")
BY_COMMA: Final = _notation(decimal=",", group=".")


class Notation(enum.Enum):
    """How decimals are written, as far as it is known."""

    POINT = "point"
    COMMA = "comma"
    MIXED = "mixed"  # both were seen
    UNKNOWN = "unknown"
    DOCUMENTED = "documented"  # nothing was seen: a point, as the protocol has it


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by either notation; None: it is none by that one."""

    by_point: Decimal | None
    by_comma: Decimal | None
    has_comma: bool

    @property
    def witness(self) -> Notation:
        """The notation that this figure proves."""
        if self.is_none or (self.by_point is not None and self.by_comma is not None):
            return Notation.UNKNOWN
        return Notation.COMMA if self.by_point is None else Notation.POINT

    @property
    def is_none(self) -> bool:
        """Whether the text is no figure in any notation."""
        return self.by_point is None and self.by_comma is None

    @property
    def is_ambiguous(self) -> bool:
        """Whether it has two readings."""
        return None not in {self.by_point, self.by_comma} and self.by_point != self.by_comma

    @property
    def is_clear(self) -> bool:
        """Whether it is read without knowing any other figure."""
        return self.by_point is not None and self.by_comma in {None, self.by_point}

    def read(self, notation: Notation) -> Decimal | None:
        """The value where the notation leaves one reading."""
        if self.is_clear:
            return self.by_point
        match notation:
            case Notation.COMMA:
                return self.by_comma
            case Notation.POINT:
                return self.by_point
            case Notation.DOCUMENTED:
                is_only_reading = self.by_point is None
                return self.by_comma if is_only_reading else self._documented()
        return None

    def count(self) -> Decimal | None:
        """The value of a count, whose groups a comma divides where both readings are possible."""
        if self.by_point is None or self.is_clear:
            return self.by_comma if self.by_point is None else self.by_point
        return self.by_point if self.has_comma else None

    def _documented(self) -> Decimal | None:
        return None if self.has_comma else self.by_point


def as_amount(value: object, notation: Notation = Notation.DOCUMENTED) -> Decimal | None:
    """A finite amount within ±MAX_VALUE, exact, or None."""
    if isinstance(value, str):
        return figure(value).read(notation)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return _bounded(Decimal(value))


def as_count(value: object) -> int | None:
    """A whole number within ±MAX_VALUE, or None; "157", 157 and 157.0 are the same."""
    number = figure(value).count() if isinstance(value, str) else as_amount(value)
    if number is None or number != number.to_integral_value():
        return None
    if isinstance(value, Decimal) and _may_be_grouped(value):
        return None
    return int(number)


def notation_of(texts: Iterable[str]) -> Notation:
    """The notation that these figures prove together."""
    seen = {figure(text).witness for text in texts} - {Notation.UNKNOWN}
    if len(seen) > 1:
        return Notation.MIXED
    return next(iter(seen), Notation.UNKNOWN)


@functools.lru_cache(maxsize=8192)
def figure(text: str) -> Figure:
    """A figure as sent, also in the digits of other scripts.

    Cached: a catalog of 10,000 rows has a few hundred different limits.
    """
    text = _plain(text) if len(text) <= MAX_FIGURE else ""
    if PLAIN.fullmatch(text):
        value = _bounded(Decimal(text))
        return Figure(value, value, has_comma=False)
    by_point, by_comma = (_value(text, pattern) for pattern in (BY_POINT, BY_COMMA))
    return Figure(by_point, by_comma, has_comma="," in text)


def _plain(text: str) -> str:
    """ASCII digits, simple separators and no invisible characters."""
    text = text.strip()
    if text.isascii():
        return text.replace("`", "'")
    return "".join(_plain_character(one) for one in text.translate(SPELLINGS)).strip()


def _plain_character(one: str) -> str:
    if unicodedata.category(one) == "Cf":
        return ""
    if one.isspace():
        return " "
    digit = unicodedata.decimal(one, None)
    return one if digit is None else str(digit)


def _value(text: str, pattern: re.Pattern[str]) -> Decimal | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    whole = re.sub(r"\D", "", found["whole"] or "0")
    part = found["bare"] or found["part"] or ""
    return _bounded(Decimal(f"{found['sign']}{whole}.{part}{found['power'] or ''}"))


def _may_be_grouped(number: Decimal) -> bool:
    """Whether JSON's number may be a grouped count that a template wrote: 1.000, not 0.000."""
    exponent = number.as_tuple().exponent
    return exponent == -GROUP and 1 <= number.copy_abs() < 1000


def _bounded(number: Decimal) -> Decimal | None:
    # abs() rounds, and overflows at 1e9999999
    if not number.is_finite() or number.copy_abs() > MAX_VALUE:
        return None
    if MIN_EXPONENT <= number.adjusted() <= -MIN_EXPONENT:
        return number
    return None if number else Decimal(0)  # 0e9999999 would be written out with all its zeros
