"""Performing the timetable in one process, without a broker: once through, or for ever with a
thread for each job.

A slow provider keeps only the jobs waiting that ask it; refunds, leases and the proof of money go
on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError, close_old_connections, connections

from orders.jobs.timetable import TIMETABLE, Job

log = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError)  # the database restarts, or a lock was not had
Tell = Callable[[str], None]  # takes a line for the operator


def perform_once(*, tell: Tell, jobs: Iterable[Job] = TIMETABLE) -> bool:
    """Run every job once, one after another; returns whether all of them succeeded."""
    outcomes = [_perform(job, tell=tell) for job in jobs]  # all of them, also after one that failed
    return all(outcomes)


def perform_until(*, stop: threading.Event, tell: Tell, jobs: Iterable[Job] = TIMETABLE) -> None:
    """Run every job at its interval until `stop` is set; returns when the jobs under way have
    ended.

    What fails is logged and run again at its next time: a database that is away comes back by
    itself.
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
            # from the beginning, as beat counts; a run that takes longer than its interval skips
            # what it missed
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
    except Exception:  # one job that fails must not end the others, whatever it is
        log.exception("%s failed; it is run again at its next time", job.name)
        tell(f"{job.name} failed")
        return False
    finally:
        close_old_connections()
    tell(f"{job.name} {time.monotonic() - began:.1f} s")
    return True
