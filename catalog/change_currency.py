"""Decide what a provider's currency is, once its replies have named another one."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import DecimalField, F, Value
from django.db.models.functions import Ceil, Least

from catalog.models import RATE, Provider
from catalog.prices.exchange_rates import exchange_rate_of
from catalog.prices.write_lock import lock_catalog
from catalog.providers import set_exchange_rate

STEPS: Final = Decimal(10) ** RATE["decimal_places"]  # in one unit of a rate
MAX_RATE: Final = Decimal(10) ** 9  # as at a sync


class NothingToDecide(Exception):
    """Somebody has decided before, or the replies name yet another currency."""


@transaction.atomic
def keep_currency(*, provider: Provider, word: str) -> None:
    """The stored currency stays: `word` is the provider's name for it. Raises NothingToDecide."""
    fresh = _locked(provider, word)
    fresh.own_words = [*fresh.own_words, word]
    _go_on(fresh)


@transaction.atomic
def switch_currency(
    *, provider: Provider, word: str, currency: str, exchange_rate: Decimal | None, now: datetime
) -> None:
    """The provider counts in `currency` from now on, which its replies call `word`.

    `exchange_rate` is given for a currency without one. Costs and prices stay as they are until the
    next sync, which is requested: stored rates are converted, so that it compares like with like,
    and every row is read anew. Raises NothingToDecide and NoExchangeRate.
    """
    lock_catalog()  # first, as a sync does
    fresh = _locked(provider, word)
    if exchange_rate is not None:
        set_exchange_rate(currency=currency, rate=exchange_rate, now=now)
    ratio = exchange_rate_of(fresh.currency) / exchange_rate_of(currency)
    rate = Ceil(F("rate") * Value(ratio * STEPS)) / Value(STEPS)
    most = Value(MAX_RATE - 1)
    fresh.services.update(
        rate=Least(rate, most, output_field=DecimalField(**RATE)), digest=b"", updated_at=now
    )
    fresh.former_words = [*fresh.former_words, fresh.currency, *fresh.own_words]
    fresh.own_words = [] if word == currency else [word]
    fresh.currency = currency
    fresh.balance = fresh.balance_checked_at = None
    fresh.sync_wanted_at = now
    _go_on(fresh)


def _locked(provider: Provider, word: str) -> Provider:
    fresh = Provider.objects.locked().get(pk=provider.pk)
    if not word or fresh.other_currency != word:
        raise NothingToDecide("The provider's replies have changed, or somebody has decided.")
    return fresh


def _go_on(provider: Provider) -> None:
    provider.other_currency, provider.other_currency_at = "", None
    provider.save(
        update_fields=[
            "currency",
            "own_words",
            "former_words",
            "other_currency",
            "other_currency_at",
            "balance",
            "balance_checked_at",
            "sync_wanted_at",
        ]
    )
