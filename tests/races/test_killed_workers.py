"""Workers are killed at random moments while the provider misbehaves: nothing is placed twice,
nothing is lost.
"""

import random
import time
from collections import Counter
from functools import partial

import pytest
from django.utils import timezone

from catalog.models import Provider
from orders.audit.prove_all import prove
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.sweep import submit_due
from orders.models import Order, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import let_leases_end, make_due, make_lane, start_sweep
from tests.waiting import wait_for

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
@pytest.mark.slow
def test_random_kills_and_faults_place_no_order_twice_and_lose_none(double: ProviderDouble) -> None:
    luck = random.Random(20260314)
    service, orders = make_lane(double), list[Order]()
    for mode in FAULTS:
        double.fault("add", mode, probability=0.03)
    double.fault("add", "delayed", seconds=0.05)

    for kill in range(KILLS):
        orders += make_due(service, count=ORDERS, link=f"https://example.com/{kill}")
        seen = len(double.journal().requests)
        sweep = start_sweep(PROVIDER_TIMEOUT="3")
        wait_for(partial(is_asked, double, seen=seen), every=0.02)
        time.sleep(luck.uniform(0.0, 0.25))
        sweep.kill()
        sweep.end()
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


def is_asked(double: ProviderDouble, *, seen: int) -> bool:
    """Whether another order has arrived since there were so many requests."""
    return bool(double.journal(since=seen).asked("add"))


def make_everything_due() -> None:
    let_leases_end()  # also of a claim that the database committed when its worker was dead
    settle_expired_leases(now=timezone.now())
    Provider.objects.update(
        paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0
    )
    Order.objects.filter(status=Status.WAITING).update(submit_at=timezone.now())
