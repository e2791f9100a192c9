"""Faults 14–17 and 34: workers, beats and web servers die, stand still, or are asked to go."""

import signal
import time

import pytest
from celery import Celery

from orders.jobs.crash_points import Point
from orders.jobs.timetable import TIMETABLE
from orders.models import Attempt, AttemptState, Status
from panel.embedded import broker_url
from tests.faults.database import surely
from tests.faults.shop import Shop
from tests.faults.stand import Stand
from tests.faults.stopped_processes import idle_and_still, standing_still
from tests.processes import is_alive

pytestmark = pytest.mark.stack

BEFORE_A_BYTE: tuple[Point, ...] = ("in_claim", "after_claim", "before_rp2")
AFTER_RP2: tuple[Point, ...] = ("after_rp2", "after_send", "in_record")
POINTS: tuple[Point, ...] = (*BEFORE_A_BYTE, *AFTER_RP2, "after_record")
WORKERS = ("submit child", "submit")
# seconds between writing down and the first byte: above STALL and a busy machine, below the
# standstill
STALE = 6.5


def die_at(stand: Stand, point: str) -> int:
    """A sweep that gets a SIGKILL at the point; its exit code."""
    sweep = "from django.core.management import call_command; call_command('sweep')"
    code, _ = stand.stack.start_beside(sweep, fault_point=point).end()
    return code


def assert_forwarded_once(shop: Shop, *, unclear: bool = False) -> None:
    """Each order is at the provider once and known to run there; or unclear where that may be."""
    allowed = {Status.RUNNING, Status.UNCLEAR} if unclear else {Status.RUNNING}
    links = [row.link for row in shop.double.placed()]
    for order in shop.orders():
        assert order.status in allowed
        assert links.count(order.link) <= 1
        assert order.status == Status.UNCLEAR or links.count(order.link) == 1


def test_fault_14_worker_killed_at_each_point_of_forwarding_leaves_what_the_table_says(
    shop: Shop,
) -> None:
    orders, codes = {}, []
    with idle_and_still(shop.stand, *WORKERS):
        for point in POINTS:
            orders[point] = shop.order()
            codes.append(die_at(shop.stand, point))
            shop.put_off()  # the next sweep shall not meet what this one left waiting
        shop.skip_back_off()
    shop.settle()

    assert codes == [-signal.SIGKILL] * len(POINTS)
    for point in (*BEFORE_A_BYTE, "after_record"):
        assert shop.status(orders[point]) == Status.RUNNING, point
    for point in AFTER_RP2:
        assert shop.status(orders[point]) == Status.UNCLEAR, point
    placed = {row.link for row in shop.double.placed()}
    assert [point for point in POINTS if orders[point].link not in placed] == ["after_rp2"]
    assert_forwarded_once(shop, unclear=True)


def test_fault_14_random_kills_of_pool_processes_under_load(shop: Shop) -> None:
    shop.double.fault("add", "delayed", seconds=0.1)
    for number in range(24):
        shop.order()
        if number % 4 == 3:
            shop.stand.kill("submit child", which=number)
    shop.settle()

    assert_forwarded_once(shop, unclear=True)


@pytest.mark.parametrize("seconds", [0.7, 7.0], ids=["within the time-out", "beyond the lease"])
def test_fault_15_worker_that_stood_still_sends_nothing_late(shop: Shop, seconds: float) -> None:
    shop.double.fault("add", "delayed", seconds=0.4)
    for _ in range(8):
        shop.order()
    shop.wait(shop.sent)

    with standing_still(shop.stand, *WORKERS):
        time.sleep(seconds)
    shop.settle()

    written = list(Attempt.objects.exclude(sent_at=None).values_list("order__link", "sent_at"))
    for request in shop.double.journal().asked("add"):
        ages = [
            request.at - at.timestamp()
            for link, at in written
            if at and link == request.parameters["link"]
        ]
        assert any(-0.1 < age < STALE for age in ages), ages
    assert_forwarded_once(shop, unclear=True)


def test_fault_16_worker_beats_and_web_server_that_are_killed_go_on_by_themselves(
    shop: Shop,
) -> None:
    killed = [shop.stand.kill(role) for role in ("submit", "poll", "beat", "web")]

    order = shop.order()
    shop.wait(lambda: shop.status(order) == Status.RUNNING)
    shop.wait(lambda: shop.browser.order(shop.service, link=shop.link()) == 302)
    shop.settle()

    assert None not in killed
    assert_forwarded_once(shop)


def test_fault_17_messages_that_come_ten_times_change_nothing(shop: Shop) -> None:
    shop.double.fault("add", "delayed", seconds=0.2)
    app = Celery(broker=broker_url(shop.stand.data_dir), set_as_current=False)
    beats = [*shop.stand.pids("beat"), *shop.stand.pids("second beat")]
    for _ in range(10):
        shop.order()
    for job in TIMETABLE:
        queue = {
            "submit_due": "submit",
            "reap_leases": "submit",
            "track_due": "poll",
            "poll_refills": "poll",
        }
        for _ in range(10):
            app.send_task(job.task, queue=queue.get(job.name, "misc"))
    app.close()

    shop.settle()

    assert len(beats) == 2
    assert Attempt.objects.filter(provider=shop.provider).count() == 10
    assert_forwarded_once(shop)


def test_fault_34_worker_that_is_asked_to_go_under_load_leaves_nothing_unclear(shop: Shop) -> None:
    shop.double.fault("add", "delayed", seconds=0.3)
    for _ in range(16):
        shop.order()
    shop.wait(shop.sent)

    pid = shop.stand.signal("submit", signal.SIGTERM)
    assert pid is not None
    shop.wait(lambda: not is_alive(pid))
    shop.settle()

    states = set(
        surely(
            lambda: list(
                Attempt.objects.filter(provider=shop.provider).values_list("state", flat=True)
            )
        )
    )
    assert states == {AttemptState.ACCEPTED}
    assert_forwarded_once(shop)
