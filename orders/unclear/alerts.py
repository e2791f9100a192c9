"""Alerts: money moved without an explanation, orders that are not ours, orders unclear for long.

The first two pause verdicts until staff explain them.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models.functions import Coalesce

from lib.clock import database_now
from lib.decimals import plain
from orders.models import Attempt, EventKind, Order, ProviderAccount

log = logging.getLogger(__name__)

# what is not settled by then waits for staff
TOO_LONG: Final = timedelta(minutes=30)
MAX_TOLD = 500  # orders in one run


def note_missing(*, account: ProviderAccount, missing: Decimal, now: datetime) -> str:
    """Pause verdicts where two readings miss the same; returns why none may be given now.

    One reading alone may be a single wrong figure.
    """
    amount = f"{plain(abs(missing))} {account.provider.currency}"
    text = (
        f"{amount} {'is missing from' if missing > 0 else 'more than expected is in'} our account"
    )
    if account.note_unexplained(missing):
        reason = f"{text}: a top-up, refund or order was not recorded"
        return _pause_verdicts(account, reason=reason, now=now)
    return f"{text}: the account is read again."


def note_strangers(
    *, account: ProviderAccount, upstream_ids: Collection[int], now: datetime
) -> str:
    """Pause verdicts for orders that none of ours can be; returns why none may be given now."""
    names = ", ".join(map(str, sorted(upstream_ids)[:5]))
    reason = f"Orders on our account that we did not place: {names}"
    return _pause_verdicts(account, reason=reason, now=now)


def tell_of_long_unclear(*, now: datetime) -> int:
    """Log, once for each, the orders that have been unclear for over 30 minutes; how many are new.

    By the database's clock; `now` dates the events.
    """
    unclear = Attempt.objects.unknown().filter(alarmed_at=None)
    old = unclear.annotate(since=Coalesce("sent_at", "prepared_at")).filter(
        since__lt=database_now() - TOO_LONG
    )
    return sum(
        _tell(pk, now) for pk in list(old.order_by("pk").values_list("pk", flat=True)[:MAX_TOLD])
    )


@transaction.atomic
def _tell(attempt_id: int, now: datetime) -> bool:
    order = Order.objects.locked().get(attempts=attempt_id)
    told = Attempt.objects.unknown().filter(pk=attempt_id, alarmed_at=None).update(alarmed_at=now)
    if told:
        text = "Unclear for over 30 minutes: waiting for staff"
        order.record(kind=EventKind.UNCLEAR, text=text, now=now, is_internal=True)
        log.error("order %s has been unclear for over 30 minutes: attempt %s", order.pk, attempt_id)
    return bool(told)


def _pause_verdicts(account: ProviderAccount, *, reason: str, now: datetime) -> str:
    if account.pause_verdicts(reason=reason, now=now):
        log.error("provider %s: %s", account.pk, reason)
    return account.verdicts_pause_reason
