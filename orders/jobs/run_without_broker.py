"""Run all periodic jobs in one process without a broker, once or in a loop.

In the loop each job has a thread: a slow provider delays only the jobs that ask it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError, close_old_connections, connections

from orders.jobs.timetable import TIMETABLE, Job

log = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)  # the database restarts, or did not give a lock
Tell = Callable[[str], None]  # takes a line for the operator


def perform_once(*, tell: Tell, jobs: Iterable[Job] = TIMETABLE) -> bool:
    """Run every job once, one after another; returns whether all of them succeeded."""
    outcomes = [_perform(job, tell=tell) for job in jobs]  # all of them, also after one that failed
    return all(outcomes)


def perform_until(*, stop: threading.Event, tell: Tell, jobs: Iterable[Job] = TIMETABLE) -> None:
    """Run every job at its interval until `stop` is set; returns when running jobs have ended.

    A job that fails is logged and runs again at its next time.
    """
    threads = [
        threading.Thread(target=_repeat, args=(job, stop, tell), name=job.name) for job in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _repeat(job: Job, stop: threading.Event, tell: Tell) -> None:
    try:
        due_at = time.monotonic()
        while not stop.wait(max(0.0, due_at - time.monotonic())):
            # counted from its start, as beat does; a run longer than its interval skips the missed
            due_at = time.monotonic() + job.every
            _perform(job, tell=tell)
    finally:
        connections.close_all()


def _perform(job: Job, *, tell: Tell) -> bool:
    began = time.monotonic()
    close_old_connections()
    try:
        job.find()()
    except AWAY as error:
        log.warning("%s: the database does not answer (%s)", job.name, type(error).__name__)
        tell(f"{job.name} failed")
        return False
    except Exception:  # whatever fails in one job must not end the others
        log.exception("%s failed; it runs again at its next time", job.name)
        tell(f"{job.name} failed")
        return False
    finally:
        close_old_connections()
    tell(f"{job.name} {time.monotonic() - began:.1f} s")
    return True
