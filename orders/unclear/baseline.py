"""The baseline of our account at a provider: what balance and charges made together when its books
were begun.
"""

import logging
from decimal import Decimal

from django.conf import settings
from django.db.models import Sum

from catalog.models import Provider
from catalog.upstream import Client
from orders.forwarding.drain import drained_lane
from orders.models import Attempt, AttemptState, Baseline, TopUp
from orders.unclear.read_account import NotReadable, read_account

log = logging.getLogger(__name__)


def baseline_of(provider: Provider) -> Baseline | None:
    """The baseline that counts: the newest one, where it was read."""
    newest = Baseline.objects.filter(provider=provider).order_by("-pk").first()
    return newest if newest and newest.read_at else None


def topped_up_since(baseline: Baseline) -> Decimal:
    """What staff entered as paid in after the baseline was read."""
    top_ups = TopUp.objects.filter(
        provider_id=baseline.provider_id, entered_at__gt=baseline.read_at
    )
    return top_ups.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def expected(provider: Provider) -> Decimal | None:
    """What balance and charges should make together now; None without a baseline."""
    baseline = baseline_of(provider)
    return None if baseline is None else baseline.total + topped_up_since(baseline)


def read_baseline(*, provider: Provider, client: Client, stop_at: float) -> None:
    """Read the baseline where there is none yet, or where staff asked for a new one.

    By itself only while no order is unclear: an order that was placed before the baseline, and is
    not known, is not in its sum, so that the books can say nothing about it. For the same reason no
    verdict "not placed" rests on a baseline that is younger than the order.
    """
    if baseline_of(provider) is not None:
        return
    asked = Baseline.objects.filter(provider=provider, read_at=None).order_by("-pk").first()
    with drained_lane(provider_id=provider.pk, patience=settings.PROVIDER_TIMEOUT + 1) as is_empty:
        if not is_empty or (asked is None and _has_open(provider)):
            return
        try:
            reading = read_account(
                provider=provider, client=client, ids=[], edges=[], expected=None, stop_at=stop_at
            )
        except NotReadable as problem:
            log.warning("the books of provider %s cannot be begun: %s", provider.pk, problem)
            return
    if not reading.is_steady or reading.orphans is None:
        return
    baseline = asked or Baseline(provider=provider)
    baseline.read_at, baseline.balance = reading.read_at, reading.balance
    baseline.charges = reading.known + reading.orphans
    baseline.save()


def _has_open(provider: Provider) -> bool:
    is_open = [AttemptState.PREPARED, AttemptState.SENT, AttemptState.UNKNOWN]
    return Attempt.objects.filter(provider=provider, state__in=is_open).exists()
