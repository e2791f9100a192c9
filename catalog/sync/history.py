"""The record of each sync: its figures, and its change set field by field."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from catalog.models import Provider, Service, SyncOutcome, SyncRun
from catalog.sync.difference import NEW_REASON, Difference, Reading

# characters of a text in a change set
MAX_LENGTH: Final = 300
MAX_NAMED: Final = 10  # ids that a note names
ID_LENGTH: Final = 64
KEPT_FOR: Final = timedelta(days=30)  # runs that changed nothing

Change = tuple[str, str, str, str]  # upstream id, what, before, after


def forget_old(*, provider: Provider, now: datetime) -> None:
    """Delete this provider's old runs that changed nothing."""
    old = SyncRun.objects.filter(provider=provider, started_at__lt=now - KEPT_FOR)
    old.exclude(outcome=SyncOutcome.APPLIED).delete()


def record_failure(*, provider: Provider, problem: str, now: datetime, started: float) -> SyncRun:
    """Store that no catalog came. `started`: `time.monotonic()` of the moment `now`."""
    return SyncRun.objects.create(
        provider=provider,
        started_at=now,
        finished_at=_finished_at(now, started),
        outcome=SyncOutcome.FAILED,
        message=problem,
    )


def record_run(
    *,
    provider: Provider,
    reading: Reading,
    found: Difference,
    outcome: SyncOutcome,
    message: str,
    now: datetime,
    started: float,
) -> SyncRun:
    """Store how a sync ended; a rejected one keeps the figures of what it would have done."""
    return SyncRun.objects.create(
        provider=provider,
        started_at=now,
        finished_at=_finished_at(now, started),
        outcome=outcome,
        message=message or _note(reading),
        listed=reading.count,
        created=len(found.new),
        changed=sum(bool(row.moves) for row in found.changed),
        withdrawn=len(found.gone),
        returned=len(found.back),
        skipped=len(reading.problems),
        held=len(found.held),
        lost=found.lost,
    )


def record_changes(*, run: SyncRun, reading: Reading, found: Difference) -> None:
    """Store the change set of an applied run, once the services are written."""
    changes = [
        *_changes(found),
        *((id_, "skipped", "", problem) for id_, problem in reading.problems),
    ]
    if not changes:
        return
    ids = {change[0] for change in changes}
    services = dict(
        Service.objects.filter(provider_id=run.provider_id, upstream_id__in=ids).values_list(
            "upstream_id", "pk"
        )
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY catalog_servicechange (run_id, service_id, upstream_id, what, before, after)"
            " FROM STDIN"
        ) as copy,
    ):
        for id_, what, before, after in changes:
            copy.write_row(
                (
                    run.pk,
                    services.get(id_),
                    id_[:ID_LENGTH],
                    what,
                    before[:MAX_LENGTH],
                    after[:MAX_LENGTH],
                )
            )


def _changes(found: Difference) -> Iterator[Change]:
    for new in found.new:
        yield new.offer.upstream_id, "new", "", new.offer.name
    for id_ in found.gone:
        yield id_, "gone", "", ""
    for id_ in found.back:
        yield id_, "back", "", ""
    for row in found.changed:
        for move in row.moves:
            yield row.offer.upstream_id, move.what, move.before, move.after
    for id_, reason in found.held.items():
        if reason != NEW_REASON:  # "new" says it
            yield id_, "held", "", reason


def _note(reading: Reading) -> str:
    if not reading.duplicates:
        return ""
    named = ", ".join(reading.duplicates[:MAX_NAMED]) + (
        ", …" if len(reading.duplicates) > MAX_NAMED else ""
    )
    return f"{len(reading.duplicates):,} IDs appear more than once; the last row counts: {named}"


def _finished_at(now: datetime, started: float) -> datetime:
    return now + timedelta(seconds=time.monotonic() - started)
