"""What customers wait for when a part of the panel is lost, timed and printed.

Run it on a machine that does nothing else: the faults' own tests hold on a busy one, these limits
need an idle one.
"""

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import requests
from django.db.models import F, Max

from orders.models import Attempt, Status
from tests.double.handle import ProviderDouble
from tests.faults.database import database_of, surely
from tests.faults.shop import Shop, shop_of
from tests.faults.stand import Stand
from tests.faults.stopped_processes import standing_still

TAKEN = 302
ORDERS = 200  # placed by the page in each of the measurements
REPEATS = 10  # of a loss whose mending is timed
WIDTH = 72  # characters of a figure's name
REST = 31.0  # seconds until the doorbell asks the broker again
# seconds between two restarts of the database: one that dies again at once is started more slowly
APART = 12.0


@dataclass(frozen=True)
class Figure:
    """One line of the table, in seconds."""

    name: str
    limit: float
    worst: float
    usual: float

    @property
    def is_kept(self) -> bool:
        """Whether the worst is within the limit."""
        return self.worst <= self.limit


def measure() -> int:
    """Measure everything and print it; 1 where a limit was not kept."""
    with (
        tempfile.TemporaryDirectory(prefix="panel-figures-") as folder,
        ProviderDouble(seed=1) as double,
    ):
        stand = Stand(Path(folder) / "data")
        try:
            stand.start()
            with database_of(stand.data_dir), shop_of(stand, double) as shop:
                say(f"{'':<{WIDTH}}  {'median':>8}  {'worst':>8}  {'limit':>8}")
                kept = [tell(figure) for figure in chain(placing(shop), mending(shop))]
        finally:
            stand.end()
    return 0 if all(kept) else 1


def tell(figure: Figure) -> bool:
    """Print the figure; whether its limit was kept."""
    mark = "" if figure.is_kept else "  MISSED"
    say(
        f"{figure.name:<{WIDTH}}  {figure.usual:>6.3f} s  {figure.worst:>6.3f} s  {figure.limit:>6.3f} s{mark}"
    )
    return figure.is_kept


def placing(shop: Shop) -> Iterator[Figure]:
    """How long an order by the page takes, all being well and without a broker."""
    shop.run()
    yield from _placing(shop, "all well")
    with without_broker(shop.stand):
        yield from _placing(shop, "broker refuses")
    shop.settle()
    time.sleep(REST)
    with standing_still(shop.stand, "valkey"):
        yield from _placing(shop, "broker silent")
    shop.settle()


def mending(shop: Shop) -> Iterator[Figure]:
    """How long the panel needs to go on by itself."""
    yield _figure(
        "FLUSHALL: an order waits for its first attempt",
        15.0,
        [_flush(shop) for _ in range(REPEATS)],
    )
    restarts = [_restart(shop) for _ in range(REPEATS)]
    yield _figure("immediate restart of PostgreSQL: until the next order is taken", 10.0, restarts)
    for role in ("submit", "web", "beat"):
        killed = [_kill(shop, role) for _ in range(3)]
        yield _figure(f"kill -9 of {role}: until an order is placed and runs", 15.0, killed)


@contextmanager
def without_broker(stand: Stand) -> Iterator[None]:
    """Kill Valkey, and keep what would start it again from doing so."""
    assert stand.stack.process is not None
    os.kill(stand.stack.process.pid, signal.SIGSTOP)
    try:
        assert stand.kill("valkey") is not None
        yield
    finally:
        os.kill(stand.stack.process.pid, signal.SIGCONT)


def _placing(shop: Shop, name: str) -> Iterator[Figure]:
    browser = shop.browser
    took = sorted(
        _timed(lambda: browser.order(shop.service, link=shop.link())) for _ in range(ORDERS)
    )
    p95 = took[int(len(took) * 0.95) - 1]
    yield Figure(f"placing by the page, {name}: p95 of {ORDERS}", 0.3, p95, statistics.median(took))
    yield Figure(f"placing by the page, {name}: longest", 2.5, took[-1], statistics.median(took))


def _timed(act: Callable[[], int]) -> float:
    began = time.monotonic()
    code = act()
    if code != TAKEN:
        raise RuntimeError(f"an order was answered with {code}")
    return time.monotonic() - began


def _flush(shop: Shop) -> float:
    """Seconds from the moment that an order was due to its first attempt, of the order that
    waited longest.
    """
    newest = shop.order().pk
    for _ in range(4):
        shop.order()
    shop.stand.flush_broker()
    for _ in range(5):
        shop.order()
    shop.settle()
    attempts = Attempt.objects.filter(
        order_id__gte=newest, order__provider=shop.service.provider_id
    )
    waited = attempts.aggregate(longest=Max(F("prepared_at") - F("order__created_at")))["longest"]
    return float(waited.total_seconds())


def _restart(shop: Shop) -> float:
    browser = surely(lambda: shop.browser)
    form = browser.form(shop.service, link=shop.link())
    assert shop.stand.restart_postgres() is not None
    began = time.monotonic()
    while browser.send(form, limit=5.0) != TAKEN or not _is_healthy(shop):
        time.sleep(0.05)
    took = time.monotonic() - began
    shop.settle()
    time.sleep(max(0.0, APART - (time.monotonic() - began)))
    return took


def _is_healthy(shop: Shop) -> bool:
    return requests.get(f"{shop.stand.url}/health", timeout=5).ok


def _kill(shop: Shop, role: str) -> float:
    shop.wait(lambda: shop.stand.pids(role))  # it may just be starting again
    browser, began = shop.browser, time.monotonic()
    assert shop.stand.kill(role) is not None
    form = browser.form(shop.service, link=shop.link())
    while browser.send(form, limit=5.0) != TAKEN:
        time.sleep(0.05)
    shop.wait(
        lambda: (
            shop.statuses() <= {Status.RUNNING, Status.COMPLETED, Status.PARTIAL, Status.CANCELED}
        )
    )
    return time.monotonic() - began


def _figure(name: str, limit: float, took: Sequence[float]) -> Figure:
    return Figure(f"{name}, {len(took)} times", limit, max(took), statistics.median(took))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
