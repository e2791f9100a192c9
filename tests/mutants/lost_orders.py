"""Orders that get lost on their way: what a provider places must be found, and nothing may be
placed twice.
"""

import time
from contextlib import suppress
from unittest.mock import patch

from django.db import IntegrityError
from django.test.utils import override_settings
from django.utils import timezone

from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.sweep import submit_due
from orders.models import AttemptQuerySet, Order, Status
from orders.unclear.sweep import resolve_due
from tests.mutants.ground import Ground
from tests.orders.unclear.lost_orders import Lane, pass_time

ROUNDS = 4
PLACES_LATE_BY = 3.0  # seconds, longer than PROVIDER_TIMEOUT
QUIET = 5.0  # seconds, longer than that


def set_waiting_by_hand(ground: Ground) -> list[str]:
    """An order that was placed, but whose answer was lost, is set waiting by hand, and the
    claim forgets to look.
    """
    lane = Lane(ground.double, is_probe_allowed=False)
    order = lane.lose("commit_reset")
    Order.objects.filter(pk=order.pk).update(status=Status.WAITING, submit_at=timezone.now())
    with (
        suppress(IntegrityError),
        patch.object(AttemptQuerySet, "possibly_placed", lambda self: self.none()),
    ):  # the database refuses the claim
        submit_due()
    return ground.wrongs()


@override_settings(PROVIDER_TIMEOUT=1, UNCLEAR_QUIET=QUIET)
def placed_late(ground: Ground) -> list[str]:
    """The provider places an order seconds after we stopped waiting for its answer; others go
    on meanwhile.
    """
    lane = Lane(ground.double)
    lane.lose("late_commit", seconds=PLACES_LATE_BY)
    give_up_at = time.monotonic() + 4 * QUIET
    while Order.objects.exclude(status=Status.RUNNING).exists() and time.monotonic() < give_up_at:
        lane.order()
        submit_due()
        resolve_due()
        time.sleep(0.5)
    time.sleep(PLACES_LATE_BY)  # also where a verdict came too early the provider gets its time
    return ground.wrongs()


def canceled_while_unclear(ground: Ground) -> list[str]:
    """An order is placed, its answer lost, and the provider cancels it and returns the money
    before anybody looks.
    """
    lane = Lane(ground.double)
    lane.lose("commit_reset")
    ground.double.set_order(ground.double.placed()[-1].order, status="Canceled")
    settle(lane)
    return ground.wrongs()


def answered_with_5xx(ground: Ground) -> list[str]:
    """A provider behind a failing proxy: it places the orders, and the answers are HTTP 500 to
    503.
    """
    lane = Lane(ground.double)
    for number in range(ROUNDS):
        ground.double.fault("add", f"commit_http50{(0, 2, 3)[number % 3]}", times=1)
        lane.order()
        submit_due()
        settle(lane)  # one at a time: a provider that fails too often in a row is paused
    return ground.wrongs()


def settle(lane: Lane) -> None:
    """Time passes and other orders go well until nothing is unclear, or nothing more will be
    learnt.
    """
    for _ in range(ROUNDS):
        settle_expired_leases(now=timezone.now())
        pass_time()
        lane.order()
        # skips the back-off
        Order.objects.filter(status=Status.WAITING).update(submit_at=timezone.now())
        submit_due()
        resolve_due()
        submit_due()
        if not Order.objects.exclude(status=Status.RUNNING).exists():
            return
