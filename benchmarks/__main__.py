"""Runs every benchmark on a throw-away PostgreSQL and prints one table of medians and ratios.

Absolute times depend on the machine; the ratios are what counts: how much slower the peers' habit is, and how near we
are to the least that the same database can do.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from panel.embedded import Postgres, broker_url, database_url

RUNS = 7  # of which the median counts


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table; seconds."""

    what: str
    ours: float
    habit: float  # what panels of this kind do
    limit: float  # the least work that gives the same rows


def median_of(act: Callable[[], object], *, before: Callable[[], object] = lambda: None, runs: int = RUNS) -> float:
    """The median of `runs` times of `act` in seconds; `before` is not counted. A first run warms up."""
    seconds = []
    for _ in range(runs + 1):
        before()
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def main() -> int:
    """Measure and print."""
    data_dir = Path(tempfile.mkdtemp(prefix="panel-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "panel.settings",
        "PANEL_DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url(data_dir),
        "REDIS_URL": broker_url(data_dir),
        "SECRET_KEY": "only for a benchmark, fifty characters and a few more",
        "ENCRYPTION_KEYS": "YmVuY2htYXJrIG9ubHksIDMyIGJ5dGVzIGxvbmcuLi4=",
        "API_KEY_PEPPER": "only for a benchmark",
        "PROVIDER_ALLOW_PRIVATE": "on",
        "LOG_LEVEL": "ERROR",
    }
    server = Postgres(data_dir, is_throwaway=True)
    server.start()
    try:
        show(measure())
    finally:
        server.stop()
        shutil.rmtree(data_dir, ignore_errors=True)
    return 0


def measure() -> list[Measured]:
    """Every benchmark, in the order of an order's life."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from benchmarks import polling, statuses, syncing  # they need Django set up

    return [*syncing.measure(), statuses.measure(), polling.measure()]


def show(rows: list[Measured]) -> None:
    """The table on standard output."""
    print(f"{'':44}{'ours':>11}{'peer habit':>13}{'limit':>11}{'habit/ours':>12}{'ours/limit':>12}")
    for row in rows:
        print(
            f"{row.what:44}{_ms(row.ours):>11}{_ms(row.habit):>13}{_ms(row.limit):>11}"
            f"{row.habit / row.ours:>12.1f}{row.ours / row.limit:>12.2f}"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
