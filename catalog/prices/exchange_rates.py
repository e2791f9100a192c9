"""What a provider's currency is worth in the panel's."""

from decimal import Decimal

from django.conf import settings

from catalog.models import ExchangeRate


class NoExchangeRate(Exception):
    """Nobody has said what this currency is worth."""


def exchange_rate_of(currency: str) -> Decimal:
    """Units of the panel's currency for one unit of `currency`. Raises NoExchangeRate."""
    if currency == settings.PANEL_CURRENCY:
        return Decimal(1)
    rate = ExchangeRate.objects.filter(currency=currency).values_list("rate", flat=True).first()
    if rate is None:
        raise NoExchangeRate(
            f"no exchange rate is known from {currency} to {settings.PANEL_CURRENCY}"
        )
    return rate


def known_exchange_rates() -> dict[str, Decimal]:
    """Every currency that can be reckoned in, the panel's own included."""
    return {
        **dict(ExchangeRate.objects.values_list("currency", "rate")),
        settings.PANEL_CURRENCY: Decimal(1),
    }
