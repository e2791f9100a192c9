"""The reply to `balance`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.upstream.json_values import as_text
from catalog.upstream.numbers import as_amount
from catalog.upstream.status_reply import CURRENCY_LENGTH


@dataclass(frozen=True, slots=True)
class Balance:
    """Our money at the provider."""

    amount: Decimal
    currency: str  # "" when the provider does not say


def parse_balance(content: object) -> Balance | None:
    """The balance of an opened reply, in the provider's currency; it may be negative."""
    if not isinstance(content, Mapping):
        return None
    amount = as_amount(content.get("balance"))
    currency = as_text(content.get("currency"), limit=CURRENCY_LENGTH)
    return None if amount is None else Balance(amount, currency)
