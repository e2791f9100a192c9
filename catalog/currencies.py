"""The currency that a provider's replies name, in whatever spelling: a code, a symbol or a word."""

from typing import Final

from catalog.models.providers import WORD_LENGTH
from catalog.upstream import plain_text

# words that mean one currency; no code for those that mean several, such as ¥ and kr
CODES: Final = {
    "$": "USD",
    "US$": "USD",
    "$US": "USD",
    "USD$": "USD",
    "US DOLLAR": "USD",
    "DOLLAR": "USD",
    "€": "EUR",
    "EURO": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "RUR": "RUB",
    "₺": "TRY",
    "TL": "TRY",
    "₴": "UAH",
    "₦": "NGN",
    "₫": "VND",
    "₩": "KRW",
    "฿": "THB",
    "₱": "PHP",
    "৳": "BDT",
    "₸": "KZT",
    "R$": "BRL",
    "RP": "IDR",
}
DOLLARS: Final = frozenset({"AUD", "CAD", "HKD", "MXN", "NZD", "SGD"})  # write "$" too


def word_of(text: str) -> str:
    """The word as it is compared: entities decoded, no case, no invisible characters, cut."""
    words = plain_text(text).upper().split()
    visible = ("".join(letter for letter in word if letter.isprintable()) for word in words)
    return " ".join(visible).strip()[:WORD_LENGTH].strip()


def code_of(text: str) -> str:
    """The three-letter code that the text means, or ""."""
    word = word_of(text)
    if word in CODES:
        return CODES[word]
    return word if len(word) == 3 and word.isascii() and word.isalpha() else ""


def agrees(text: str, *, currency: str) -> bool:
    """Whether a reply that names `text`, or nothing, is in this currency (a code)."""
    word = word_of(text)
    return not word or code_of(word) == currency or (word == "$" and currency in DOLLARS)
