"""Exchange rates to the panel's currency."""

from decimal import Decimal

from django.conf import settings

from catalog.models import ExchangeRate


class NoExchangeRate(Exception):
    """No rate is stored for this currency."""


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
    """Every known rate, including the panel's own currency."""
    return {
        **dict(ExchangeRate.objects.values_list("currency", "rate")),
        settings.PANEL_CURRENCY: Decimal(1),
    }
