"""Sync one provider's catalog: fetch with no transaction open, compare, guard, apply in one.

A sync writes what the provider lists and never what the admin set (own name, description, category
and position, margins, hidden, modes). A service that is gone is withdrawn, never deleted.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from catalog.models import Provider, Service, SyncOutcome, SyncRun
from catalog.prices.exchange_rates import NoExchangeRate, exchange_rate_of
from catalog.prices.reprice import open_rulebook
from catalog.prices.write_lock import lock_catalog
from catalog.provider_client import open_client
from catalog.sync.difference import (
    Difference,
    Offer,
    Reading,
    difference,
    read,
    rejection,
    with_types,
)
from catalog.sync.history import forget_old, record_changes, record_failure, record_run
from catalog.sync.write import Mirror
from catalog.type_mappings import types_of
from catalog.upstream import Client, ProviderError
from lib.encryption import CannotUnseal

log = logging.getLogger(__name__)

# services that may go where a person has accepted any number
EVERYTHING: Final = 2**31 - 1
NOTHING: Final = -1  # nobody has accepted anything, not even an empty list in an empty shop
SYNC_FIELDS: Final = ["synced_at", "accepted_gone", "sync_wanted_at"]

Report = Callable[[str], None]


class Overtaken(Exception):
    """Another sync of this provider was applied meanwhile, or its currency changed."""


class CurrencyDiffers(Exception):
    """The provider's replies name another currency; an admin decides."""


def sync_provider(
    *,
    provider_id: int,
    now: datetime,
    accepted_gone: int | None = None,
    report: Report = lambda _step: None,
) -> SyncRun:
    """Run one sync and store its outcome.

    An empty or short list is rejected unless a person accepted that many missing services
    (`accepted_gone`, or the provider's). Rejected and failed syncs change no service. Raises
    Overtaken, with nothing changed. Call it outside any transaction: it waits for the provider.
    """
    started = time.monotonic()
    provider = Provider.objects.get(pk=provider_id)
    report("asking")
    try:
        reading = _ask(provider)
    except (ProviderError, CannotUnseal, NoExchangeRate, CurrencyDiffers) as problem:
        log.warning("sync of %s failed: %s", provider, problem)
        Provider.objects.filter(pk=provider.pk).update(sync_wanted_at=None)
        return record_failure(provider=provider, problem=str(problem), now=now, started=started)
    report("applying")
    with transaction.atomic():
        lock_catalog()
        fresh = Provider.objects.get(pk=provider_id)
        if fresh.synced_at != provider.synced_at:
            raise Overtaken(f"another sync of {provider} was applied meanwhile")
        if (fresh.currency, fresh.other_currency) != (provider.currency, ""):
            raise Overtaken(f"the currency of {provider} came into question meanwhile")
        return _apply(fresh, reading, accepted_gone=accepted_gone, now=now, started=started)


def _ask(provider: Provider) -> Reading:
    rows = Service.objects.filter(provider=provider).values_list("digest", "upstream_id")
    known = {bytes(digest): upstream_id for digest, upstream_id in rows.iterator(chunk_size=5000)}
    exchange_rate = exchange_rate_of(provider.currency)
    with open_client(provider) as client:
        _check_currency(provider, client)
        return read(client.services(known=known), exchange_rate=exchange_rate)


def _check_currency(provider: Provider, client: Client) -> None:
    """Raise CurrencyDiffers unless the rates are in the stored currency, as far as replies say.

    The list names none, so the balance is asked; where that fails, the list says why.
    """
    if not provider.other_currency:
        with suppress(ProviderError):
            client.balance()
    if provider.other_currency:
        raise CurrencyDiffers(provider.trouble)


def _apply(
    provider: Provider,
    reading: Reading,
    *,
    accepted_gone: int | None,
    now: datetime,
    started: float,
) -> SyncRun:
    reading = with_types(reading, types=types_of(provider=provider))
    exchange_rate = exchange_rate_of(provider.currency)
    found, reason = _compare(
        provider, reading, exchange_rate=exchange_rate, accepted_gone=accepted_gone
    )
    if reason:
        log.error("sync of %s rejected: %s", provider, reason)
        outcome = SyncOutcome.REFUSED
    else:
        Mirror(provider=provider, exchange_rate=exchange_rate, book=open_rulebook(), now=now).write(
            found
        )
        outcome = SyncOutcome.UNCHANGED if found.is_nothing else SyncOutcome.APPLIED
        provider.synced_at = now
    provider.accepted_gone = provider.sync_wanted_at = None
    provider.save(update_fields=SYNC_FIELDS)
    forget_old(provider=provider, now=now)
    run = record_run(
        provider=provider,
        reading=reading,
        found=found,
        outcome=outcome,
        message=reason,
        now=now,
        started=started,
    )
    if not reason:
        record_changes(run=run, reading=reading, found=found)
    return run


def _compare(
    provider: Provider, reading: Reading, *, exchange_rate: Decimal, accepted_gone: int | None
) -> tuple[Difference, str]:
    """What the reply changes, and why a person must accept that first, or ""."""
    listed = set(
        Service.objects.listed().filter(provider=provider).values_list("upstream_id", flat=True)
    )
    found = difference(
        reading=reading,
        listed=listed,
        ours=_ours(provider, reading),
        exchange_rate=exchange_rate,
        is_review_first=provider.is_review_first,
    )
    accepted = max(
        NOTHING if number is None else number for number in (accepted_gone, provider.accepted_gone)
    )
    if found.lost <= accepted:
        return found, ""
    return found, rejection(found=found, count=reading.count, listed=len(listed))


def _ours(provider: Provider, reading: Reading) -> dict[str, Offer]:
    """Our mirror of the services that are new or changed in the reply."""
    ids = [offer.upstream_id for offer in reading.offers]
    services = Service.objects.filter(provider=provider, upstream_id__in=ids).select_related(
        "category"
    )
    return {
        service.upstream_id: _offer_of(service) for service in services.iterator(chunk_size=5000)
    }


def _offer_of(service: Service) -> Offer:
    return Offer(
        upstream_id=service.upstream_id,
        name=service.upstream_name,
        category=service.upstream_category
        if service.is_category_own
        else service.category.upstream_name,
        type=service.type,
        rate=service.rate,
        min=service.min_quantity,
        max=service.max_quantity,
        is_refill=service.is_refill,
        is_cancel=service.is_cancel,
        is_dripfeed=service.is_dripfeed_listed,
        description=service.upstream_description,
        average_time=service.average_time,
        digest=bytes(service.digest),
        upstream_type=service.upstream_type,
    )
