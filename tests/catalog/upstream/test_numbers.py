"""Numbers in anybody's notation: one reading, or none."""

from decimal import Decimal

import pytest

from catalog.upstream.numbers import Notation, as_amount, as_count, notation_of

COUNTS: dict[str, int | None] = {
    "157": 157,
    " 157 ": 157,
    "-5": -5,
    "\u22125": -5,
    "007": 7,
    "157.0": 157,
    "1000.00": 1000,
    "157,00": 157,
    "1e3": 1000,
    "1,000": 1000,
    "1,500": 1500,
    "12,345,678": 12_345_678,
    "12,34,567": 1_234_567,
    "1,00,000": 100_000,
    "1 000": 1000,
    "1\u00a0000": 1000,
    "1\u202f000": 1000,
    "1'000": 1000,
    "1\u2019000": 1000,
    "1.000.000": 1_000_000,
    "1.234.567,00": 1_234_567,
    "1,000.0": 1000,
    "1.000,0": 1000,
    "\u0661\u0665\u0667": 157,
    "\u0661\u066c\u0660\u0660\u0660": 1000,
    "\u06f1\u06f5": 15,
    "\uff11\uff15": 15,
    "\u200e157\u200f": 157,
    "0.000": 0,
    "0,000": 0,
    "1000.000": 1000,  # groups would have divided the 1, too
    "1.000": None,
    "1.500": None,
    "100.000": None,
    "-1.000": None,
    "1.5": None,
    "1,5": None,
    "0.900": None,
    "1,00": 1,
    "1,0000": 1,
    "1 00": None,
    "0 900": None,
    "1,000 000": None,
    "1.000 000": None,
    "1,23,4": None,
    "1.00.000": None,
    "1..000": None,
    "1,,000": None,
    "12a": None,
    "1_000": None,
    "0x10": None,
    "": None,
    ".": None,
    ",": None,
    "NaN": None,
    "Infinity": None,
    "\u00b2": None,
    "9" * 40: None,
    "1," + "000," * 20 + "000": None,
}
AMOUNTS: dict[str, str | None] = {
    "0.90": "0.90",
    "0,90": "0.90",
    ",5": "0.5",
    "0,900": "0.900",  # no group begins with 0
    "0.900": "0.900",
    "1234,567": "1234.567",
    "1.234": "1.234",
    "1,234": None,
    "1,234.5": "1234.5",
    "1.234,5": "1234.5",
    "1 234,5": "1234.5",
    "1'234.5": "1234.5",
    "1,234,567": "1234567",
    "1.234.567": "1234567",
    "\u0660\u066b\u0669": "0.9",
    "9.0E-5": "0.000090",
    "1,5e3": "1500",
    "1,23.4": None,
    "1.2,34.5": None,
}


@pytest.mark.parametrize(("sent", "count"), COUNTS.items())
def test_a_count_is_read_where_it_has_one_reading(sent: str, count: int | None) -> None:
    assert as_count(sent) == count


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        (157, 157),
        (Decimal("157.0"), 157),
        (Decimal("1.000"), None),
        (Decimal("0.000"), 0),
        (Decimal("1000.000"), 1000),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_a_count_may_be_a_number_of_json(sent: object, count: int | None) -> None:
    assert as_count(sent) == count


@pytest.mark.parametrize(("sent", "amount"), AMOUNTS.items())
def test_an_amount_is_read_by_the_documented_point_and_never_guessed(
    sent: str, amount: str | None
) -> None:
    assert as_amount(sent) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("texts", "notation"),
    [
        (["8", "1.234", "1,234", "1 000", "free"], Notation.UNKNOWN),
        (["1.234", "0.045"], Notation.POINT),
        (["1,234,567"], Notation.POINT),
        (["1.234", "12,5"], Notation.COMMA),
        (["0.90", "0,90"], Notation.MIXED),
    ],
)
def test_figures_show_together_how_decimals_are_written(
    texts: list[str], notation: Notation
) -> None:
    assert notation_of(texts) is notation


@pytest.mark.parametrize(
    ("notation", "amounts"),
    [
        (Notation.POINT, ["1.234", "1234", None]),
        (Notation.COMMA, ["1234", "1.234", "0.90"]),
        (Notation.MIXED, [None, None, None]),
        (Notation.UNKNOWN, [None, None, None]),
    ],
)
def test_a_known_notation_decides_between_two_readings(
    notation: Notation, amounts: list[str | None]
) -> None:
    assert [as_amount(text, notation) for text in ("1.234", "1,234", "0,90")] == [
        None if amount is None else Decimal(amount) for amount in amounts
    ]
