"""Numbers as people type them."""

import pytest

from lib.typed_numbers import ungrouped_number, whole_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,000", "1000"),
        ("1 000", "1000"),
        ("1\u00a0000\u202f000", "1000000"),
        ("1'000", "1000"),
        ("1’000", "1000"),
        ("12,345,678", "12345678"),
        ("1.000.000", "1000000"),
        ("1000.0", "1000"),
        ("1,000.00", "1000"),
        ("\ufeff１，０００ ", "1000"),
        ("\u22121,000", "-1000"),
        ("7", "7"),
    ],
)
def test_groups_are_read(typed: str, number: str) -> None:
    assert whole_number(typed) == number


@pytest.mark.parametrize(
    "typed", ["1.000", "100.000", "1,00", "1,0000", "10,5", "1 00", "1,000 000", "1000,000",
     "٣", "²", "1_0", "ten", "1.5", ""]
)  # fmt: skip
def test_what_could_be_two_numbers_is_left_as_it_is(typed: str) -> None:
    assert whole_number(typed) == typed


def test_money_keeps_its_decimals() -> None:
    assert [ungrouped_number(text) for text in ("1,234.50", "0.00125", "1.000", "10,50")] == [
        "1234.50",
        "0.00125",
        "1.000",
        "10,50",
    ]
