"""Which periodic jobs are late, by the row that each of them writes when it ran."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.timesince import timesince

from orders.jobs.timetable import TIMETABLE
from orders.models import Sweep

BY_HAND: Final = "prove_money"  # staff run it, too, so it does not show that the workers live


@dataclass(frozen=True, slots=True)
class Beat:
    """One job and its last run."""

    name: str
    sweep: Sweep | None  # None: it never ran
    is_late: bool
    now: datetime

    @property
    def age(self) -> str:
        """How long ago it ran; in seconds below two minutes."""
        if self.sweep is None:
            return ""
        seconds = max(0, round((self.now - self.sweep.ran_at).total_seconds()))
        return f"{seconds} s" if seconds < 120 else timesince(self.sweep.ran_at, self.now)


def patience(name: str) -> timedelta | None:
    """Two intervals and one whole run, after which a job is late; None: not in the timetable."""
    every = max((job.every for job in TIMETABLE if job.name == name), default=None)
    return None if every is None else timedelta(seconds=2 * every + settings.CELERY_TASK_TIME_LIMIT)


def since(*, name: str, now: datetime) -> datetime:
    """Since when the job has run without a gap, given that it runs now."""
    last = Sweep.objects.filter(name=name).first()
    allowed = patience(name)
    if last is None or allowed is None or last.ran_at < now - allowed:
        return now
    return last.since or last.ran_at


def beats(*, now: datetime) -> list[Beat]:
    """Every job of the timetable, and others that ever ran, by name; none is late at first."""
    sweeps = {sweep.name: sweep for sweep in Sweep.objects.all()}
    started = _started(sweeps.values(), now)
    names = {job.name for job in TIMETABLE} | sweeps.keys()
    return [
        Beat(name, sweeps.get(name), _is_late(name, sweeps.get(name), started, now), now)
        for name in sorted(names)
    ]


def is_running(*, now: datetime) -> bool:
    """Whether any job ran in time, apart from those that people start."""
    return _started(Sweep.objects.all(), now) is not None


def _started(sweeps: Iterable[Sweep], now: datetime) -> datetime | None:
    """Since when the workers run, by the jobs that are not late; None: the panel is stopped."""
    alive = [sweep for sweep in sweeps if sweep.name != BY_HAND and _ran_lately(sweep, now)]
    return max((sweep.since or sweep.ran_at for sweep in alive), default=None)


def _ran_lately(sweep: Sweep, now: datetime) -> bool:
    allowed = patience(sweep.name)
    return allowed is not None and sweep.ran_at >= now - allowed


def _is_late(name: str, sweep: Sweep | None, started: datetime | None, now: datetime) -> bool:
    allowed = patience(name)
    if allowed is None:
        return False
    if started is None:  # stopped; nothing is late on a panel that never ran
        return sweep is not None
    last = max(started, sweep.ran_at) if sweep else started
    return last < now - allowed
