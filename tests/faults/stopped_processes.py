"""Lets processes of the stand stand still: at once wherever they are, or between two of their
jobs.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tests.faults.database import surely
from tests.faults.stand import Stand
from tests.processes import is_alive
from tests.waiting import PATIENCE


@contextmanager
def standing_still(stand: Stand, *roles: str) -> Iterator[list[int]]:
    """SIGSTOP all processes in these roles; SIGCONT at the end."""
    pids = [pid for role in roles for pid in stand.pids(role)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield pids
    finally:
        for pid in filter(is_alive, pids):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def idle_and_still(stand: Stand, *roles: str) -> Iterator[None]:
    """SIGSTOP all processes in these roles between two jobs; in one, they would keep it for two
    minutes.

    The beats stand still, too: on a busy machine their next job comes before the last one ends.
    """
    give_up_at = time.monotonic() + PATIENCE
    with standing_still(stand, "beat", "second beat"):
        while True:
            with standing_still(stand, *roles):
                if not surely(count_held_jobs):
                    yield
                    return
            assert time.monotonic() < give_up_at, "the workers are never idle"
            time.sleep(0.1)


def count_held_jobs() -> int:
    """How many advisory locks any session holds, and how many other transactions are open."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
                + (SELECT count(*) FROM pg_stat_activity
                   WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid())
            """
        )
        return int(cursor.fetchone()[0])
