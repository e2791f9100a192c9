"""Checks the last balance read against the bounds that our own records allow.

No provider is asked: by the moment of the balance each order there was charged between a least and
a most, so their sums are bounds. What is missing below them somebody else has spent (a stolen key);
what is there above them is a top-up that nobody recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection

from catalog.models import Provider
from lib.decimals import plain
from orders.audit.span import Span
from orders.models import Orphan, TopUp
from orders.unclear.accounts import exact_baseline

# how far moments of different clocks may be apart, beside a call's length
CLOCKS = timedelta(seconds=60)
ENTERING = timedelta(hours=1)  # between a top-up and recording it
SMALL = Decimal("0.01")  # not worth a person's look: a rounding

# What each order had been charged when the balance was read, as least and most: nothing before it
# was sent; its charge where it was known to run behind that moment, or had ended long before; else
# up to its charge, or up to twice its cost where that is not known (a rate may have risen since the
# last sync). A subscription grows: by that moment it was charged up to what it was later, and
# without bound while that is not known.
SPENT: Final = """
SELECT coalesce(sum(low), 0), coalesce(sum(high), 0), coalesce(bool_or(is_growing), false) FROM (
    SELECT CASE WHEN is_exact THEN charge ELSE 0 END AS low,
           CASE WHEN is_exact OR is_settled THEN charge ELSE greatest(charge, 2 * cost) END AS high,
           is_growing
    FROM (
        SELECT coalesce(o.upstream_charge, 0) AS charge,
               coalesce(a.cost, greatest(o.rate, o.rate * o.billed_quantity / 1000)) AS cost,
               o.upstream_charge IS NOT NULL
               AND coalesce(a.sent_at, o.running_at, o.created_at) < %(edge)s AND (
                   o.ended_at < %(edge)s
                   OR o.status = 'running' AND o.posts IS NULL
                      AND w.observed_at > %(read_at)s AND w.ending = ''
               ) AS is_exact,
               o.upstream_charge IS NOT NULL AND o.status = 'running' AS is_settled,
               o.status = 'running' AND o.posts IS NOT NULL
                   AND coalesce(w.observed_at <= %(read_at)s, true) AS is_growing
        FROM orders_order o
        LEFT JOIN orders_watch w ON w.order_id = o.id
        LEFT JOIN orders_attempt a ON a.order_id = o.id AND a.state IN ('accepted', 'placed')
        WHERE o.provider_id = %(provider)s AND o.upstream_id IS NOT NULL
          AND coalesce(a.sent_at, o.running_at, o.created_at) < %(late)s
    ) AS orders
    UNION ALL
    SELECT 0, 2 * a.cost, o.posts IS NOT NULL
    FROM orders_attempt a JOIN orders_order o ON o.id = a.order_id
    WHERE a.provider_id = %(provider)s AND (
        a.state IN ('prepared', 'sent', 'unknown')
        OR a.state = 'not_placed' AND a.decided_by_id IS NOT NULL)
) AS spent
"""


@dataclass(frozen=True, slots=True)
class BalanceBounds:
    """The last balance of one account against what it may be; provider's currency."""

    provider: Provider
    gap: Decimal  # above 0: gone for no reason; below 0: there for no reason; 0: it fits

    @property
    def words(self) -> str:
        """What staff read."""
        name, amount = self.provider.name, f"{plain(abs(self.gap))} {self.provider.currency}"
        when = f"{self.provider.balance_checked_at:%Y-%m-%d %H:%M} UTC"
        if self.gap > 0:
            return (
                f"{name}: at {when} our balance was {amount} lower than our orders explain. "
                "Does somebody else have our API key?"
            )
        return (
            f"{name}: at {when} our balance was {amount} higher than our records explain. "
            "Record any missing top-up."
        )


def balance_bounds(*, provider: Provider) -> BalanceBounds | None:
    """Check the balance read last; None without a baseline, or where charges don't show in it."""
    baseline, read_at = exact_baseline(provider), provider.balance_checked_at
    if baseline is None or baseline.read_at is None or provider.balance is None or read_at is None:
        return None
    if read_at <= baseline.read_at:
        return None
    edge = read_at - CLOCKS - timedelta(seconds=settings.PROVIDER_TIMEOUT)
    names: dict[str, int | datetime] = {
        "provider": provider.pk,
        "read_at": read_at,
        "edge": edge,
        "late": read_at + CLOCKS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SPENT, names)
        least, most, is_growing = cursor.fetchone()
    expected = Span(Decimal(least), None if is_growing else Decimal(most))
    for charge in _orphans(provider):
        expected = expected.stretched(charge)
    paid_in = Span(baseline.total, baseline.total)
    for amount, is_sure in _top_ups(
        provider, since=baseline.read_at, sure_before=read_at - ENTERING
    ):
        paid_in = paid_in.moved(amount) if is_sure else paid_in.stretched(amount)
    gap = expected.distance_to(paid_in.moved(-provider.balance))
    return BalanceBounds(provider=provider, gap=gap if abs(gap) > SMALL else Decimal(0))


def _orphans(provider: Provider) -> list[Decimal]:
    """What orders there that are none of ours were charged at most, as far as they were found."""
    ours = provider.orders.filter(upstream_id__isnull=False).values("upstream_id")
    orphans = Orphan.objects.filter(provider=provider).exclude(upstream_id__in=ours)
    return list(orphans.values_list("charge", flat=True))


def _top_ups(
    provider: Provider, *, since: datetime, sure_before: datetime
) -> list[tuple[Decimal, bool]]:
    """What staff recorded since the baseline, and whether the balance surely has it."""
    entered = TopUp.objects.filter(provider=provider, entered_at__gt=since)
    return [
        (amount, at < sure_before) for amount, at in entered.values_list("amount", "entered_at")
    ]
