"""Decimals as text."""

from decimal import Decimal
from typing import Final

MIN_DECIMALS: Final = 2  # "0.90", as the protocol's own example


def rate_text(price: Decimal) -> str:
    """A price as plain digits: at least two decimals, and beyond them no zeros at the end."""
    whole, _, decimals = f"{price:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<{MIN_DECIMALS}}"


def plain(value: Decimal) -> str:
    """A number with at least two decimals and no idle zeros."""
    whole, _, decimals = f"{value:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
