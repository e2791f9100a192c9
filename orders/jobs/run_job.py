"""Running a periodic job: alone, where an advisory lock keeps a second beat or worker out; a row
says when it ran.
"""

import time
from collections.abc import Callable

from django.utils import timezone

from lib.advisory_locks import key_of, session_lock
from orders.jobs.late_jobs import since
from orders.models import Sweep


def run_alone(*, name: str, job: Callable[[], str]) -> bool:
    """Run `job` unless another session runs the job of that name now; returns whether it ran.

    `job` returns a short note for the staff page. The lock belongs to the database session, so it
    goes with a worker that dies or, after two minutes, stands still. An error in `job` is noted and
    raised.
    """
    with session_lock(key_of(f"sweep:{name}")) as is_ours:
        if is_ours:
            run_noted(name=name, job=job)
    return is_ours


def run_noted(*, name: str, job: Callable[[], str]) -> None:
    """Run `job` beside any other of its name, for jobs whose rows keep each other out; note when it
    ran and its word.

    An error in `job` is noted and raised.
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
                "note": note[:300],
            },
        )
