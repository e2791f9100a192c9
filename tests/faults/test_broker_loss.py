"""Faults 18–20: the broker forgets, dies, falls silent, or was never there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from orders.jobs.wake_worker import SILENCE
from orders.models import Status
from panel.embedded import database_url
from panel.processes.run_panel import PROJECT
from tests.faults.shop import Shop
from tests.faults.stand import Stand
from tests.faults.stopped_processes import idle_and_still, standing_still
from tests.faults.test_killed_processes import assert_forwarded_once

pytestmark = pytest.mark.stack

# each has a doorbell of its own, which pays for a broker that is gone once in 30 s
WEB_PROCESSES = 2


def count_unheard_rings(stand: Stand) -> int:
    """How often a web process has waited for the broker in vain."""
    return stand.log("web").count("The broker does not answer")


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


@pytest.mark.parametrize("lose", [flush, kill])
def test_fault_18_broker_that_forgets_everything_loses_no_order(
    shop: Shop, lose: Callable[[Stand], None]
) -> None:
    for _ in range(5):
        shop.order()
    lose(shop.stand)
    for _ in range(5):
        shop.order()

    shop.settle()

    assert_forwarded_once(shop)


def test_fault_19_silent_broker_costs_each_web_process_two_seconds_once(shop: Shop) -> None:
    browser, heard_before, began = shop.browser, count_unheard_rings(shop.stand), time.monotonic()
    with standing_still(shop.stand, "valkey"):
        for _ in range(20):
            assert browser.order(shop.service, link=shop.link()) == 302
        silences = 1 + (time.monotonic() - began) // SILENCE
    shop.settle()

    # how long each takes is measured by `make figures`, on a machine that does nothing else
    assert count_unheard_rings(shop.stand) - heard_before <= WEB_PROCESSES * silences
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
            code = sweep.wait(180)

    assert code == 0
    assert sorted(row.link for row in shop.double.placed()) == sorted(
        order.link for order in orders
    )
