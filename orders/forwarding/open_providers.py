"""Which providers may be sent orders now; the only place that says so."""

from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, Q
from psycopg import errors

from billing.models import Halt
from catalog.models import Provider
from catalog.models.providers import ProviderQuerySet
from orders.models import ProviderAccount

LOCK_PATIENCE = 250  # milliseconds that one claim waits for another at the same provider


def open_for_orders(*, now: datetime) -> ProviderQuerySet:
    """Providers that are neither paused, nor stopped for their currency, nor drained for a reading
    of the account.

    None at all while the money is halted.
    """
    is_halted = Exists(Halt.objects.filter(is_standing=True))
    is_not_drained = Q(account__draining_until=None) | Q(account__draining_until__lt=now)
    return Provider.objects.filter(is_not_drained, ~Q(is_halted), paused_at=None, other_currency="")


def lock_if_open(*, provider_id: int, now: datetime) -> Provider | None:
    """The provider, if it may be sent orders now.

    It is locked where orders are chosen by what else is open there, so that claims go one by one.
    """
    row = open_for_orders(now=now).filter(pk=provider_id).select_related("account")
    provider = row.first()
    if provider is None or not provider.is_probe_allowed:
        return provider
    ProviderAccount.objects.of(provider)
    # With the account's row, which a drain changes: a claim that waited for one sees it.
    row = row.filter(account__isnull=False)
    return row.free("account").first() or _wait_for(row)


def _wait_for(row: ProviderQuerySet) -> Provider | None:
    """The locked row after another claim, which takes milliseconds; None where that one stalls."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_PATIENCE)])
            return row.locked("account").first()
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable):
            return None
        raise
