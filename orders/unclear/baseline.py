"""Balance plus charges at the moment we started tracking our account at a provider."""

import logging
from decimal import Decimal

from django.conf import settings
from django.db.models import Sum

from catalog.models import Provider
from catalog.upstream import Client
from orders.forwarding.drain import drained_lane
from orders.models import Baseline, TopUp
from orders.unclear.read_account import NotReadable, read_account

log = logging.getLogger(__name__)


def baseline_of(provider: Provider) -> Baseline | None:
    """The baseline that counts: the newest one, where it was read."""
    newest = Baseline.objects.filter(provider=provider).order_by("-pk").first()
    return newest if newest and newest.read_at else None


def topped_up_since(baseline: Baseline) -> Decimal:
    """Top-ups that staff entered after the baseline was read."""
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

    Unasked only while nothing is open: an order placed before the baseline, and not known, is not
    in its sum. For the same reason "not placed" never rests on a baseline younger than the order.
    """
    if baseline_of(provider) is not None:
        return
    asked = Baseline.objects.filter(provider=provider, read_at=None).order_by("-pk").first()
    with drained_lane(provider_id=provider.pk, patience=settings.PROVIDER_TIMEOUT + 1) as is_empty:
        if not is_empty or (asked is None and provider.attempts.open().exists()):
            return
        try:
            reading = read_account(
                provider=provider, client=client, ids=[], edges=[], expected=None, stop_at=stop_at
            )
        except NotReadable as problem:
            log.warning("no baseline of provider %s: %s", provider.pk, problem)
            return
    if not reading.is_steady or reading.orphans is None:
        return
    baseline = asked or Baseline(provider=provider)
    baseline.read_at, baseline.balance = reading.read_at, reading.balance
    baseline.charges = reading.known + reading.orphans
    baseline.save()
