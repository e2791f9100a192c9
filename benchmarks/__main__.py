"""Runs the benchmarks, all or those that are named, on a throw-away PostgreSQL; prints one table of
medians and ratios.

Absolute times depend on the machine; the ratios are what counts: how much slower the peers' habit
is, and how near we are to the least that the same database or server can do. `share` is the part of
the limit's rate that ours reaches.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from panel.embedded import Postgres, broker_url, database_url

BENCHMARKS = ("syncing", "statuses", "polling", "serving")  # in the order of an order's life
RUNS = 7  # of which the median counts


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table; seconds."""

    what: str
    ours: float
    habit: float | None  # what panels of this kind do; None: no other than ours
    limit: float  # the least work that gives the same rows


def median_of(
    act: Callable[[], object], *, before: Callable[[], object] = lambda: None, runs: int = RUNS
) -> float:
    """The median of `runs` times of `act` in seconds; `before` is not counted.

    A first run warms up.
    """
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
        show(measure(sys.argv[1:] or list(BENCHMARKS)))
    finally:
        server.stop()
        shutil.rmtree(data_dir, ignore_errors=True)
    return 0


def measure(names: Sequence[str]) -> list[Measured]:
    """The rows of these benchmarks, each a module with `measure`."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    modules = [import_module(f"benchmarks.{name}") for name in names]  # they need Django set up
    return [row for module in modules for row in module.measure()]


def show(rows: list[Measured]) -> None:
    """The table on standard output."""
    print(f"{'':44}{'ours':>12}{'peer habit':>14}{'limit':>12}{'habit/ours':>12}{'share':>8}")
    for row in rows:
        habit, times = (
            ("–", "–") if row.habit is None else (_ms(row.habit), f"{row.habit / row.ours:,.1f}")
        )
        print(
            f"{row.what:44}{_ms(row.ours):>12}{habit:>14}{_ms(row.limit):>12}{times:>12}{row.limit / row.ours:>8.2f}"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
