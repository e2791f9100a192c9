"""Decimals as text: for people, for programs, and as money is booked."""

from decimal import Decimal
from typing import Final, TypedDict

MIN_DECIMALS: Final = 2  # "0.90", as the protocol's own example


class Digits(TypedDict):
    """Digits of a decimal column."""

    max_digits: int
    decimal_places: int


def plain(value: Decimal) -> str:
    """Grouped, with at least two decimals and no idle zeros: 1,234.50, 0.00125."""
    return _trimmed(f"{value:,f}")


def ungrouped(value: Decimal) -> str:
    """As `plain`, without the grouping, which programs do not read: 1234.50."""
    return _trimmed(f"{value:f}")


def five_decimals(value: Decimal) -> str:
    """As money is booked and the API reports it: 1234.50000."""
    return f"{value:.5f}"


def shortest(value: Decimal) -> str:
    """No zero at the end, and no exponent: 25, 0.5."""
    return f"{value.normalize():f}"


def exact(value: Decimal) -> str:
    """Every digit of it, and no exponent."""
    return f"{value:f}"


def _trimmed(text: str) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<{MIN_DECIMALS}}"
