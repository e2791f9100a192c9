"""Pacing: whether every periodic job runs as often as the timetable says, by the row that each
leaves when it ran.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.timesince import timesince

from orders.jobs.timetable import TIMETABLE
from orders.models import Sweep

BY_HAND: Final = "prove_money"  # staff run it, too: that it ran does not show that the workers live


@dataclass(frozen=True, slots=True)
class Beat:
    """One job, and when it ran last."""

    name: str
    sweep: Sweep | None  # None: it never ran
    is_late: bool
    now: datetime

    @property
    def age(self) -> str:
        """How long ago it ran: to the second below two minutes, where it matters."""
        if self.sweep is None:
            return ""
        seconds = max(0, round((self.now - self.sweep.ran_at).total_seconds()))
        return f"{seconds} s" if seconds < 120 else timesince(self.sweep.ran_at, self.now)


def patience(name: str) -> timedelta | None:
    """After how long a job of the timetable should have run again: two intervals and one whole
    run; None: not there.
    """
    every = max((job.every for job in TIMETABLE if job.name == name), default=None)
    return None if every is None else timedelta(seconds=2 * every + settings.CELERY_TASK_TIME_LIMIT)


def since(*, name: str, now: datetime) -> datetime:
    """Since when the job has run without a gap, if it runs now."""
    last = Sweep.objects.filter(name=name).first()
    allowed = patience(name)
    if last is None or allowed is None or last.ran_at < now - allowed:
        return now
    return last.since or last.ran_at


def beats(*, now: datetime) -> list[Beat]:
    """Every job of the timetable, and others that ran once, by name.

    A panel that has just begun is late with none.
    """
    sweeps = {sweep.name: sweep for sweep in Sweep.objects.all()}
    started = _started(sweeps.values(), now)
    names = {job.name for job in TIMETABLE} | sweeps.keys()
    return [
        Beat(name, sweeps.get(name), _is_late(name, sweeps.get(name), started, now), now)
        for name in sorted(names)
    ]


def is_running(*, now: datetime) -> bool:
    """Whether any job but those that people start ran as it should."""
    return _started(Sweep.objects.all(), now) is not None


def _started(sweeps: Iterable[Sweep], now: datetime) -> datetime | None:
    """Since when the workers run, by the jobs that are not late; None where all are: the panel
    is stopped.
    """
    alive = [sweep for sweep in sweeps if sweep.name != BY_HAND and _ran_lately(sweep, now)]
    return max((sweep.since or sweep.ran_at for sweep in alive), default=None)


def _ran_lately(sweep: Sweep, now: datetime) -> bool:
    allowed = patience(sweep.name)
    return allowed is not None and sweep.ran_at >= now - allowed


def _is_late(name: str, sweep: Sweep | None, started: datetime | None, now: datetime) -> bool:
    allowed = patience(name)
    if allowed is None:
        return False
    if started is None:  # everything stands; on a panel that never ran nothing is late
        return sweep is not None
    last = max(started, sweep.ran_at) if sweep else started
    return last < now - allowed
