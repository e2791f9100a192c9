"""Faults 33 and 35: a worker's clock is wrong; two decide on one order at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Role
from orders.models import Order, Status
from orders.unclear import decide
from tests.factories import make_user
from tests.faults.shop import Shop
from tests.faults.test_killed_processes import assert_forwarded_once

pytestmark = pytest.mark.stack

# Every periodic act in a process whose own clock is wrong by so many seconds; PostgreSQL's is right
SHIFTED = """
import datetime, time_machine
from django.core.management import call_command
moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=%d)
with time_machine.travel(moment, tick=True):
    call_command("sweep")
"""


@pytest.mark.parametrize("seconds", [3600, -3600], ids=["an hour fast", "an hour slow"])
def test_fault_33_worker_whose_clock_is_wrong_ends_no_lease_and_gives_no_verdict_early(
    shop: Shop, seconds: int
) -> None:
    shop.double.fault("add", "delayed", seconds=1.5)
    shop.stand.stack.start_beside("").end()  # from now on a process takes no time to start
    order = shop.order()
    shop.wait(shop.sent)

    code, _ = shop.stand.stack.start_beside(SHIFTED % seconds).end()
    shop.settle()

    assert code == 0
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
    for job in ("track_due", "resolve_unclear"):
        shop.let_job_end(job)

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
