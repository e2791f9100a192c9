"""Faults 18–20: the broker forgets, dies, falls silent, or was never there."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from orders.models import Status
from panel.embedded import database_url
from panel.running import PROJECT
from tests.faults.database import surely
from tests.faults.shop import Shop
from tests.faults.stand import Stand
from tests.faults.test_dying import assert_forwarded_once, standing_still

pytestmark = pytest.mark.stack

WEB_PROCESSES = 2  # each has a doorbell of its own, which pays for a broker that is gone once in 30 s


@contextmanager
def sweeping(stand: Stand) -> Iterator["subprocess.Popen[bytes]"]:
    """`manage.py sweep --loop` on the stand's database, with a broker that refuses."""
    places = {"DATABASE_URL": database_url(stand.data_dir), "REDIS_URL": "redis://127.0.0.1:9/0"}
    sweep = subprocess.Popen(
        [sys.executable, "manage.py", "sweep", "--loop"],
        cwd=PROJECT,
        env={**os.environ, **stand.stack.env, **places},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield sweep
    finally:
        sweep.kill()
        sweep.wait()


def flush(stand: Stand) -> None:
    stand.flush_broker()


def kill(stand: Stand) -> None:
    assert stand.kill("valkey") is not None


@contextmanager
def idle_and_still(stand: Stand, *roles: str) -> Iterator[None]:
    """SIGSTOP all processes in these roles between two jobs; in one, they would keep it for two minutes."""
    give_up_at = time.monotonic() + 20
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


@pytest.mark.parametrize("lose", [flush, kill])
def test_fault_18_broker_that_forgets_everything_loses_no_order(shop: Shop, lose: Callable[[Stand], None]) -> None:
    for _ in range(5):
        shop.order()
    lose(shop.stand)
    began = time.monotonic()
    for _ in range(5):
        shop.order()

    shop.settle()

    assert time.monotonic() - began < 25  # 15 on a machine that does nothing else
    assert_forwarded_once(shop)


def test_fault_19_silent_broker_costs_each_web_process_two_seconds_once(shop: Shop) -> None:
    browser, took = shop.browser, []
    with standing_still(shop.stand, "valkey"):
        for _ in range(20):
            began = time.monotonic()
            assert browser.order(shop.service, link=shop.link()) == 302
            took.append(time.monotonic() - began)
    shop.settle()

    # 2.5 on a machine that does nothing else (`make figures`); a broker that is waited for costs a minute
    assert max(took) < 15.0
    # once in each process; a process that asks the broker for every order would pay for all twenty
    assert sum(1 for each in took if each >= 2.0) <= WEB_PROCESSES + 5
    assert statistics.median(took) < 2.0  # 0.1 on a machine that does nothing else
    assert_forwarded_once(shop)


def test_fault_20_without_any_broker_the_sweep_alone_forwards_and_tracks(shop: Shop) -> None:
    workers = ("valkey", "submit", "submit child", "poll", "poll child", "beat")
    with idle_and_still(shop.stand, *workers):
        shop.stand.kill("second beat")
        with sweeping(shop.stand) as sweep:
            orders = [shop.order() for _ in range(20)]
            shop.wait(lambda: shop.statuses() == {Status.RUNNING})
            for order in shop.orders():
                shop.double.set_order(order.upstream_id or "", status="Completed")
            shop.wait(lambda: shop.statuses() == {Status.COMPLETED})
            sweep.send_signal(signal.SIGTERM)
            code = sweep.wait(60)

    assert code == 0
    assert sorted(row.link for row in shop.double.placed()) == sorted(order.link for order in orders)
