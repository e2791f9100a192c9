"""Run a periodic job, alone or beside others of its name, and note when it ran."""

import time
from collections.abc import Callable

from django.utils import timezone

from lib.advisory_locks import key_of, session_lock
from orders.jobs.late_jobs import since
from orders.models import REASON_LENGTH, Sweep


def run_alone(*, name: str, job: Callable[[], str]) -> bool:
    """Run `job` unless another session runs the job of that name now; returns whether it ran.

    `job` returns a short note for the staff page. The lock goes with the session of a worker that
    dies or, after two minutes, stalls. An error in `job` is noted and raised.
    """
    with session_lock(key_of(f"sweep:{name}")) as is_ours:
        if is_ours:
            run_noted(name=name, job=job)
    return is_ours


def run_noted(*, name: str, job: Callable[[], str]) -> None:
    """Run `job` and note when it ran and what it says; an error in it is noted and raised.

    For jobs that may run beside each other, since their rows keep them apart.
    """
    started = time.monotonic()
    note = "failed"
    try:
        note = job()
    finally:
        now = timezone.now()
        Sweep.objects.update_or_create(
            name=name,
            defaults={
                "ran_at": now,
                "since": since(name=name, now=now),
                "seconds": time.monotonic() - started,
                "note": note[:REASON_LENGTH],
            },
        )
