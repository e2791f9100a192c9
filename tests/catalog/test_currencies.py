"""Currencies as replies name them."""

import pytest

from catalog.currencies import agrees, code_of, word_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USD", "USD"),
        (" usd ", "USD"),
        ("$", "USD"),
        ("&#36;", "USD"),
        ("US Dollar", "USD"),
        ("&euro;", "EUR"),
        ("\u202eEUR\u200b", "EUR"),
        ("₹", "INR"),
        ("RUR", "RUB"),
        ("", ""),
        ("credits", ""),
        ("¥", ""),  # of two countries
        ("ÜSD", ""),
        ("U5D", ""),
    ],
)
def test_a_code_is_read_from_codes_symbols_and_words(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("text", "currency", "is_same"),
    [
        ("USD", "USD", True),
        ("$", "USD", True),
        ("$", "CAD", True),
        ("$", "EUR", False),
        ("", "EUR", True),  # it does not say
        ("EUR", "USD", False),
        ("credits", "USD", False),
        ("USDT", "USD", False),
    ],
)
def test_another_currency_is_told_from_another_spelling(
    text: str, currency: str, is_same: bool
) -> None:
    assert agrees(text, currency=currency) is is_same


def test_a_word_is_short_and_visible_whatever_is_sent() -> None:
    assert word_of("\x00 \u202ecre\u200bdits " + "x" * 99) == "CREDITS XXXXXXXX"
