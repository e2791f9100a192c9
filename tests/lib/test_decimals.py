"""Money and prices as text, each way once."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from lib import decimals


@pytest.mark.parametrize(
    ("as_text", "value", "text"),
    [
        (decimals.plain, "1234.5", "1,234.50"),
        (decimals.plain, "0.00125", "0.00125"),
        (decimals.plain, "-3", "-3.00"),
        (decimals.plain, "1E+3", "1,000.00"),
        (decimals.ungrouped, "1234.50000", "1234.50"),
        (decimals.ungrouped, "0E-8", "0.00"),
        (decimals.five_decimals, "2.5", "2.50000"),
        (decimals.five_decimals, "-0.00001", "-0.00001"),
        (decimals.shortest, "25.00", "25"),
        (decimals.shortest, "1E+2", "100"),
        (decimals.shortest, "0.50", "0.5"),
        (decimals.exact, "1E-8", "0.00000001"),
        (decimals.exact, "2.50", "2.50"),
    ],
)
def test_a_number_as_text(as_text: Callable[[Decimal], str], value: str, text: str) -> None:
    assert as_text(Decimal(value)) == text
