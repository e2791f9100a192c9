"""Exact money at five decimals, the API's own precision."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal

CENT = Decimal("0.00001")
ZERO = Decimal(0)


def rounded_up(amount: Decimal) -> Decimal:
    """Round a charge: never below what was delivered is worth."""
    return amount.quantize(CENT, rounding=ROUND_UP)


def rounded_down(amount: Decimal) -> Decimal:
    """Round a refund: never above what was not delivered is worth."""
    return amount.quantize(CENT, rounding=ROUND_DOWN)


def shown(amount: Decimal) -> str:
    """Write an amount as providers do: plain, two to five decimals, no exponent (`0.27819`,
    `10.00`).
    """
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"
