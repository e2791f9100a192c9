"""Concerns: work that stands still, and balances at providers that our records do not explain.

They are no findings: customers' money is right. Staff see them, they are logged as errors, and they
halt nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from catalog.models import Provider
from orders.audit.balance_bounds import balance_bounds
from orders.audit.overdue import overdue_work
from orders.jobs.late_jobs import beats, is_running
from orders.models import ProviderAccount, Sweep

# At most 20 concerns of one kind: more say no more.
STUCK: Final = """
SELECT 'sent:' || id,
       format('Order %s: attempt %s was sent at %s UTC and has no outcome',
              order_id, id, to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
FROM orders_attempt WHERE state = 'sent' AND sent_at < clock_timestamp() - interval '5 minutes'
ORDER BY id LIMIT 20
"""
UNTRACKED: Final = """
SELECT 'untracked:' || o.id, format('Order %s is running but is not tracked', o.id)
FROM orders_order o WHERE status = 'running'
    AND NOT EXISTS (SELECT 1 FROM orders_watch w WHERE w.order_id = o.id)
ORDER BY o.id LIMIT 20
"""
UNATTENDED: Final = """
SELECT 'unattended:' || o.id, format('Order %s is being sent, but no attempt is open', o.id)
FROM orders_order o WHERE status = 'submitting' AND NOT EXISTS (
    SELECT 1 FROM orders_attempt a WHERE a.order_id = o.id AND a.state IN ('prepared', 'sent'))
ORDER BY o.id LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that staff should look at; the key stays the same while it lasts."""

    key: str
    text: str


def look(*, now: datetime) -> list[Concern]:
    """All concerns of the moment. Asks no provider."""
    overdue = [Concern(key, text) for key, text in overdue_work(now=now)]
    return [
        *_late(now),
        *_found(STUCK),
        *_found(UNTRACKED),
        *_found(UNATTENDED),
        *overdue,
        *_paused(),
        *_unbalanced(),
    ]


def _late(now: datetime) -> Iterator[Concern]:
    """Jobs that stopped while others run; where all have stopped, that alone."""
    if not is_running(now=now):
        last = Sweep.objects.order_by("-ran_at").first()
        if last:
            yield Concern(
                "stopped",
                f"No job has run since {last.ran_at:%Y-%m-%d %H:%M} UTC. Is the panel stopped?",
            )
        return
    for beat in beats(now=now):
        if beat.is_late:
            when = (
                f"has not run since {beat.sweep.ran_at:%Y-%m-%d %H:%M} UTC"
                if beat.sweep
                else "has never run"
            )
            yield Concern(f"late:{beat.name}", f"The job {beat.name} {when}")


def _found(statement: str) -> list[Concern]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [Concern(key, text) for key, text in cursor.fetchall()]


def _paused() -> list[Concern]:
    paused = ProviderAccount.objects.filter(verdicts_paused_at__isnull=False)
    return [
        Concern(
            f"verdicts:{each.pk}",
            f"{each.provider.name}: unclear orders are not resolved as not placed. "
            f"{each.verdicts_pause_reason}",
        )
        for each in paused.select_related("provider").order_by("pk")
    ]


def _unbalanced() -> list[Concern]:
    """Balances at providers outside the bounds that our records allow."""
    bounds = [
        balance_bounds(provider=provider)
        for provider in Provider.objects.select_related("account").order_by("pk")
    ]
    return [
        Concern(f"account:{each.provider.pk}", each.words) for each in bounds if each and each.gap
    ]
