"""Overseeing: what stands still although it should move, and what our accounts at the providers
cannot explain.

These are concerns, not findings: no customer's money is wrong by them. They are shown to staff and
logged as errors, and halt nothing; what they must stop is stopped where it belongs (verdicts, by
orders/alarming.py).
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
SELECT 'sent:' || id, format('Order %s: attempt %s has been on its way since %s UTC', order_id, id,
                             to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
FROM orders_attempt WHERE state = 'sent' AND sent_at < clock_timestamp() - interval '5 minutes'
ORDER BY id LIMIT 20
"""
UNWATCHED: Final = """
SELECT 'unwatched:' || o.id, format('Order %s runs, but nobody asks how it stands', o.id)
FROM orders_order o WHERE status = 'running' AND NOT EXISTS (SELECT 1 FROM orders_watch w WHERE w.order_id = o.id)
ORDER BY o.id LIMIT 20
"""
FORSAKEN: Final = """
SELECT 'forsaken:' || o.id, format('Order %s is being sent, but by nobody', o.id)
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
    """Everything that should move and does not, and every account that cannot be explained.

    Asks no provider.
    """
    lagging = [Concern(key, text) for key, text in overdue_work(now=now)]
    return [
        *_late(now),
        *_found(STUCK),
        *_found(UNWATCHED),
        *_found(FORSAKEN),
        *lagging,
        *_paused(),
        *_unbalanced(),
    ]


def _late(now: datetime) -> Iterator[Concern]:
    """Jobs that stopped while others run.

    Where all stand, the panel is stopped: that alone is said.
    """
    if not is_running(now=now):
        last = Sweep.objects.order_by("-ran_at").first()
        if last:
            yield Concern(
                "stopped",
                f"No job has run since {last.ran_at:%Y-%m-%d %H:%M} UTC: is the panel stopped?",
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
            f"{each.provider.name}: nothing is taken for not placed. {each.verdicts_pause_reason}",
        )
        for each in paused.select_related("provider").order_by("pk")
    ]


def _unbalanced() -> list[Concern]:
    """Accounts that hold more or less than all that may have happened there makes."""
    reckonings = [
        balance_bounds(provider=provider)
        for provider in Provider.objects.select_related("account").order_by("pk")
    ]
    return [
        Concern(f"account:{each.provider.pk}", each.words)
        for each in reckonings
        if each and each.gap
    ]
