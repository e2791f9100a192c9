"""Ask the providers about the running orders that are due, 100 ids a call, several in flight."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from catalog.models import Provider, StatusSubject
from catalog.status_words import note_unknown
from catalog.upstream import BATCH, Client, IdError, OrderStatus, Status
from lib.clock import database_now
from orders.jobs.ask_one_by_one import Answers, ask_and_apply
from orders.jobs.lanes import ask_providers, note_of, sweep_end, work_off
from orders.models import Watch
from orders.models.limits import CALL_LEASE
from orders.tracking.apply_reports import apply_reports
from orders.tracking.charge_posts import charge_owed

IN_FLIGHT = 4  # calls under way per provider: the panels that we buy from are small machines
MAX_THREADS = 16  # over all providers


@dataclass(frozen=True, slots=True)
class Batch:
    """The orders that this worker asks about now: their upstream ids by primary key."""

    upstream_ids: dict[int, str]
    observed_at: datetime  # database time before the request


def track_due() -> str:
    """One sweep over all providers, then the delivered posts are charged; a note for staff."""
    stop_at = sweep_end()
    due = Watch.objects.filter(due_at__lte=database_now()).order_by("provider_id")
    counts = dict(due.values_list("provider_id").annotate(Count("pk")))
    providers = Provider.objects.in_bulk(counts)
    # One lane of each before a second of any: a few providers that are silent leave threads to the
    # others.
    lanes = [
        providers[pk]
        for lane in range(IN_FLIGHT)
        for pk, count in counts.items()
        if count > lane * BATCH
    ]
    # first of all, what an earlier sweep counted and did not live to charge
    tally = charge_owed(now=timezone.now())
    work = partial(_track_lane, stop_at=stop_at)
    tally += ask_providers(work, lanes, threads=MAX_THREADS, name="track")
    tally += charge_owed(now=timezone.now())
    return note_of(tally, nothing="nothing due")


def _track_lane(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    """Work off one provider's due orders with one connection there and one to the database."""
    batch = partial(track_batch, provider=provider, client=client, stop_at=stop_at)
    return work_off(batch, stop_at=stop_at)


def track_batch(*, provider: Provider, client: Client, stop_at: float = math.inf) -> Counter[str]:
    """Claim up to 100 due orders, ask, apply. Nothing is locked while the provider is asked.

    A provider that does not answer delays its orders and loses none: the claim runs out by itself.
    Each report has the moment of its own question, which a refund is confirmed by.
    """
    batch = claim_batch(provider=provider)
    if not batch.upstream_ids:
        return Counter()
    keys = {upstream_id: pk for pk, upstream_id in batch.upstream_ids.items()}

    def apply(answers: Answers[OrderStatus | IdError]) -> Counter[str]:
        reports = _reports(answers.by_name)
        _note_unknown_words(provider, reports)
        return apply_reports(
            upstream_ids={keys[name]: name for name in answers.names},
            reports=reports,
            observed_at=answers.asked_at,
            now=timezone.now(),
        )

    return ask_and_apply(
        list(keys),
        ask=lambda names: client.status(names).orders,
        apply=apply,
        asked_at=batch.observed_at,
        stop_at=stop_at,
    )


def _reports(answers: Mapping[str, OrderStatus | IdError]) -> dict[str, OrderStatus]:
    return {name: answer for name, answer in answers.items() if isinstance(answer, OrderStatus)}


def _note_unknown_words(provider: Provider, reports: Mapping[str, OrderStatus]) -> None:
    """Show the admin words that nobody has explained; no query where all are understood."""
    words = {
        report.word
        for report in reports.values()
        if report.word and report.status in {Status.UNKNOWN, Status.FAILED}
    }
    if words:
        note_unknown(
            provider=provider, subject=StatusSubject.ORDER, words=words, now=timezone.now()
        )


def claim_batch(*, provider: Provider) -> Batch:
    """Take the provider's orders that have been due longest: no other worker asks about them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                SELECT order_id FROM orders_watch
                WHERE provider_id = %s AND due_at <= clock_timestamp()
                ORDER BY due_at, order_id LIMIT %s FOR UPDATE SKIP LOCKED
            )
            UPDATE orders_watch AS w SET due_at = clock_timestamp() + make_interval(secs => %s)
            FROM due JOIN orders_order AS o ON o.id = due.order_id
            WHERE w.order_id = due.order_id
            RETURNING o.id, o.upstream_id, clock_timestamp()
            """,
            [provider.pk, BATCH, CALL_LEASE.total_seconds()],
        )
        rows = cursor.fetchall()
    if not rows:
        return Batch(upstream_ids={}, observed_at=timezone.now())
    return Batch(
        upstream_ids={pk: upstream_id for pk, upstream_id, _ in rows},
        observed_at=max(row[2] for row in rows),
    )
