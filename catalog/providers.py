"""Add, change, pause and resume providers; request syncs; set exchange rates."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.currencies import agrees
from catalog.dripfeed import refresh_dripfeeds
from catalog.first_contact import FirstContact
from catalog.models import Contact, DripfeedMode, ExchangeRate, Provider, Service
from catalog.prices.exchange_rates import known_exchange_rates
from catalog.prices.reprice import Preview, open_rulebook, preview, reprice
from catalog.prices.set_margin import set_margin
from catalog.prices.write_lock import lock_catalog
from lib.encryption import seal


class NameTaken(Exception):
    """Another provider has this name."""


@transaction.atomic
def add_provider(
    *,
    name: str,
    url: str,
    key: str,
    currency: str,
    percent: Decimal,
    exchange_rate: Decimal | None = None,
    is_probe_allowed: bool = False,
    is_review_first: bool = False,
    is_idempotent: bool = False,
    contact: FirstContact | None = None,
    dripfeed: str = DripfeedMode.LISTED,
    actor: User | None,
    now: datetime,
) -> Provider:
    """Store a provider with its margin rule and, where given, its exchange rate.

    The values come from a valid ProviderForm; `contact` from the provider itself. Raises NameTaken.
    """
    try:
        with transaction.atomic():
            provider = Provider.objects.create(
                name=name,
                url=url,
                sealed_key=seal(key),
                currency=currency,
                is_probe_allowed=is_probe_allowed,
                is_review_first=is_review_first,
                is_idempotent=is_idempotent,
                **_said(contact, currency=currency, now=now),
                dripfeed=dripfeed,
            )
    except IntegrityError:
        raise NameTaken(f"another provider is named {name}") from None
    if exchange_rate is not None:
        set_exchange_rate(currency=currency, rate=exchange_rate, now=now)
    set_margin(target=provider, percent=percent, fixed=Decimal(0), actor=actor, now=now)
    return provider


def _said(contact: FirstContact | None, *, currency: str, now: datetime) -> dict[str, Any]:
    """What first contact says about the row."""
    if contact is None:
        return {}
    is_other_word = not agrees(contact.currency, currency=currency)
    return {
        "balance": contact.balance,
        "balance_checked_at": now,
        "contact": Contact.ANSWERED,
        "contact_at": now,
        "own_words": [contact.currency] if is_other_word else [],
    }


@transaction.atomic
def change_provider(
    *,
    provider: Provider,
    name: str,
    url: str,
    key: str,
    is_probe_allowed: bool,
    is_review_first: bool,
    is_idempotent: bool,
    is_429_unclear: bool,
    dripfeed: str = "",
    now: datetime,
) -> None:
    """Change a provider; an empty `key` or `dripfeed` keeps the stored one. Raises NameTaken.

    A changed drip-feed applies to its services at once.
    """
    # first: like a sync, it locks the catalog before the provider's row
    is_dripfeed_changed = dripfeed not in {"", provider.dripfeed}
    if is_dripfeed_changed:
        lock_catalog()
    provider.name, provider.url = name, url
    provider.is_probe_allowed, provider.is_review_first = is_probe_allowed, is_review_first
    provider.is_idempotent, provider.is_429_unclear = is_idempotent, is_429_unclear
    fields = [
        "name",
        "url",
        "is_probe_allowed",
        "is_review_first",
        "is_idempotent",
        "is_429_unclear",
    ]
    if key:
        provider.sealed_key = seal(key)
        fields.append("sealed_key")
    if is_dripfeed_changed:
        provider.dripfeed = dripfeed
        fields.append("dripfeed")
    try:
        with transaction.atomic():
            provider.save(update_fields=fields)
    except IntegrityError:
        raise NameTaken(f"another provider is named {name}") from None
    if is_dripfeed_changed:
        refresh_dripfeeds(provider=provider, now=now)


def preview_exchange_rate(*, currency: str, rate: Decimal) -> Preview:
    """What `set_exchange_rate` would change. Raises TooDear as it does."""
    return preview(
        services=Service.objects.filter(provider__currency=currency),
        book=open_rulebook(),
        exchange_rates={**known_exchange_rates(), currency: rate},
    )


@transaction.atomic
def set_exchange_rate(*, currency: str, rate: Decimal, now: datetime) -> int:
    """Set the rate (panel's currency for one unit of `currency`); returns how many prices moved.

    Raises TooDear, and ValueError for the panel's own currency; nothing changed then.
    """
    if currency == settings.PANEL_CURRENCY:
        raise ValueError(f"{currency} is the panel's currency: its rate is 1")
    lock_catalog()
    ExchangeRate.objects.update_or_create(currency=currency, defaults={"rate": rate})
    services = Service.objects.filter(provider__currency=currency)
    return reprice(services=services, book=open_rulebook(), now=now)


def pause_provider(*, provider: Provider, reason: str, now: datetime) -> None:
    """Hold this provider's orders until a person resumes it; syncs go on.

    An automatic pause becomes a manual one.
    """
    Provider.objects.filter(pk=provider.pk).update(
        paused_at=now, pause_reason=reason, is_pause_automatic=False
    )


def resume_provider(*, provider: Provider) -> None:
    """Send orders to this provider again, with its failure count at zero."""
    Provider.objects.filter(pk=provider.pk).update(
        paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0
    )


def want_sync(*, provider: Provider, accepted_gone: int | None = None, now: datetime) -> None:
    """Request a sync, which may withdraw up to `accepted_gone` services."""
    Provider.objects.filter(pk=provider.pk).update(sync_wanted_at=now, accepted_gone=accepted_gone)
