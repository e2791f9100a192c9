"""Faults 33 and 35: a worker's clock is wrong; two decide on one order at once."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Role
from orders.models import Order, Status
from orders.unclear import decide
from panel.embedded import database_url
from panel.processes.run_panel import PROJECT
from tests.factories import make_user
from tests.faults.shop import Shop
from tests.faults.test_killed_processes import assert_forwarded_once

pytestmark = pytest.mark.stack

# Every periodic act, when it is told to, in a process whose own clock goes wrong by so many
# seconds; PostgreSQL's goes right
SHIFTED = """
import datetime, sys, time_machine
moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=int(sys.argv[1]))
with time_machine.travel(moment, tick=True):
    import django; django.setup()
    from django.core.management import call_command
    sys.stderr.write("ready\\n")
    sys.stdin.readline()
    call_command("sweep")
"""


def shifted_sweep(shop: Shop, *, seconds: int) -> "subprocess.Popen[bytes]":
    """A process that sweeps as soon as its standard input ends."""
    env = {**os.environ, **shop.stand.stack.env, "DATABASE_URL": database_url(shop.stand.data_dir)}
    sweep = subprocess.Popen(
        [sys.executable, "-c", SHIFTED, str(seconds)],
        cwd=PROJECT,
        env=env | {"DJANGO_SETTINGS_MODULE": "panel.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert sweep.stderr is not None
    assert sweep.stderr.readline() == b"ready\n"
    return sweep


@pytest.mark.parametrize("seconds", [3600, -3600], ids=["an hour fast", "an hour slow"])
def test_fault_33_worker_whose_clock_is_wrong_ends_no_lease_and_gives_no_verdict_early(
    shop: Shop, seconds: int
) -> None:
    shop.double.fault("add", "delayed", seconds=1.5)
    sweep = shifted_sweep(shop, seconds=seconds)
    order = shop.order()
    shop.wait(shop.sent)

    sweep.communicate(timeout=180)
    shop.settle()

    assert sweep.returncode == 0
    assert order.attempts.count() == 1
    assert shop.status(order) == Status.RUNNING
    assert_forwarded_once(shop)


def test_fault_35_of_two_decisions_at_once_the_first_wins_and_the_second_sees_it(
    shop: Shop,
) -> None:
    staff = make_user(role=Role.STAFF)
    shop.double.fault("add", "commit_reset", times=1)
    order = shop.order()
    shop.wait(lambda: shop.status(order) == Status.UNCLEAR)
    upstream_id = str(shop.double.placed()[0].order)

    def attach() -> str:
        return _outcome(
            lambda: decide.attach(
                order=Order.objects.get(pk=order.pk),
                upstream_id=upstream_id,
                actor=staff,
                reason="seen in their panel",
                now=timezone.now(),
            )
        )

    with ThreadPoolExecutor(4) as threads:
        said = [decision.result() for decision in [threads.submit(attach) for _ in range(4)]]
    time.sleep(1.0)

    order.refresh_from_db()
    assert (said.count("decided"), said.count("AlreadyDecided")) == (1, 3)
    assert order.upstream_id == upstream_id
    assert_forwarded_once(shop)


def _outcome(act: object) -> str:
    assert callable(act)
    try:
        act()
    except decide.CannotDecide as reason:
        return type(reason).__name__
    finally:
        connection.close()
    return "decided"
