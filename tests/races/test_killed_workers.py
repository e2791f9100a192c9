"""Workers are killed at random moments while the provider misbehaves: nothing is placed twice,
nothing is lost.
"""

import random
import time
from collections import Counter

import pytest
from django.utils import timezone

from catalog.models import Provider
from orders.audit.prove_all import prove
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.sweep import submit_due
from orders.models import Order, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import let_leases_end, make_due, make_lane, start_sweep

KILLS = 5
ORDERS = 18  # new ones before each of them, so that there is always something to kill a sweep over
FAULTS = [
    "commit_reset",
    "nocommit_close",
    "commit_http500",
    "nocommit_http429",
    "refuse",
    "commit_truncated",
]


@pytest.mark.django_db(transaction=True)
def test_random_kills_and_faults_place_no_order_twice_and_lose_none(double: ProviderDouble) -> None:
    luck = random.Random(20260314)
    service, orders = make_lane(double), list[Order]()
    for mode in FAULTS:
        double.fault("add", mode, probability=0.03)
    double.fault("add", "delayed", seconds=0.05)

    for kill in range(KILLS):
        orders += make_due(service, count=ORDERS, link=f"https://example.com/{kill}")
        sweep = start_sweep(PROVIDER_TIMEOUT="3")
        wait_until_asked(double, more_than=len(double.journal().asked("add")))
        time.sleep(luck.uniform(0.0, 0.25))
        sweep.kill()
        sweep.communicate()
        make_everything_due()
    while Order.objects.filter(status__in=[Status.WAITING, Status.SUBMITTING]).exists():
        make_everything_due()
        submit_due()

    placed = Counter(row.link for row in double.placed())
    by_link = {order.link: order for order in Order.objects.all()}
    assert max(placed.values()) == 1
    assert {by_link[link].status for link in placed} <= {Status.RUNNING, Status.UNCLEAR}
    for row in double.placed():
        assert by_link[row.link].upstream_id in {str(row.order), None}
    never_placed = [by_link[order.link] for order in orders if order.link not in placed]
    assert {order.status for order in never_placed} <= {Status.UNCLEAR, Status.CANCELED}
    assert prove().findings == []


def make_everything_due() -> None:
    let_leases_end()  # also of a claim that the database committed when its worker was dead
    settle_expired_leases(now=timezone.now())
    Provider.objects.update(
        paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0
    )
    Order.objects.filter(status=Status.WAITING).update(submit_at=timezone.now())


def wait_until_asked(double: ProviderDouble, *, more_than: int) -> None:
    """Wait until the sweep, which takes a moment to start, has sent something."""
    give_up_at = time.monotonic() + 120
    while time.monotonic() < give_up_at:
        if len(double.journal().asked("add")) > more_than:
            return
        time.sleep(0.02)
    raise AssertionError("the sweep sent nothing within two minutes")
