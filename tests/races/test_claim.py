"""Many sweeps at once forward each order once; without the row lock they claim the same one."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from catalog.models import Service
from catalog.provider_client import open_client
from orders.forwarding.claim import Claim, claim
from orders.forwarding.sweep import forward_next
from orders.models import Attempt, Order, Status
from tests.double.handle import ProviderDouble
from tests.guards_off import at_once_without
from tests.orders.attempts import end_of, make_due, make_lane, start_sweep

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = 50
THREADS = 8


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_lane(double)


@pytest.mark.slow
def test_two_sweeps_with_eight_senders_place_each_order_once(
    double: ProviderDouble, service: Service
) -> None:
    orders = make_due(service, count=ORDERS)
    double.fault("add", "delayed", seconds=0.02)

    sweeps = [start_sweep(SUBMIT_CONCURRENCY=str(THREADS)) for _ in range(2)]
    ends = [end_of(sweep) for sweep in sweeps]

    placed = Counter(row.link for row in double.placed())
    assert placed == Counter(order.link for order in orders)
    assert [code for code, _ in ends] == [0, 0]
    running = Order.objects.filter(status=Status.RUNNING)
    assert {order.upstream_id for order in running} == {str(row.order) for row in double.placed()}
    assert (running.count(), Attempt.objects.count()) == (ORDERS, ORDERS)


def test_eight_senders_that_start_together_place_each_order_once(
    double: ProviderDouble, service: Service
) -> None:
    orders = make_due(service, count=ORDERS)
    barrier = Barrier(THREADS)

    def forward_all(_: int) -> Counter[str | None]:
        barrier.wait(timeout=30)
        try:
            with open_client(service.provider) as client:
                return Counter(
                    iter(
                        lambda: forward_next(
                            provider_id=service.provider_id, client=client, owner=uuid4()
                        ),
                        None,
                    )
                )
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(forward_all, range(THREADS)))

    assert sum(done, Counter[str | None]()) == {"accepted": ORDERS}
    assert sum(1 for each in done if each) > 1  # else nobody raced
    assert Counter(row.link for row in double.placed()) == Counter(order.link for order in orders)
    assert Attempt.objects.count() == ORDERS


def test_control_without_the_row_lock_claims_meet_in_one_order(service: Service) -> None:
    """The last guard, the index of possibly placed attempts, breaks all of them off but one."""
    make_due(service, count=THREADS)

    def take(_: int) -> str:
        try:
            claim(provider_id=service.provider_id, owner=uuid4())
        except IntegrityError as error:
            return "twice" if "attempt_at_most_once" in str(error) else str(error)
        return "claimed"

    # all have seen by then that the order has no attempt
    ends = at_once_without(take, times=THREADS, meet=re.compile(r'SELECT .* FROM "orders_attempt"'))

    assert Counter(ends) == {"claimed": 1, "twice": THREADS - 1}


def take_apart(service: Service) -> Claim | None:
    """A claim in a session of its own."""
    try:
        return claim(provider_id=service.provider_id, owner=uuid4())
    finally:
        connection.close()


def test_claim_passes_over_an_order_that_another_session_holds(service: Service) -> None:
    held, free = make_due(service, count=2)
    rival = connection.copy()
    rival.set_autocommit(False)
    with closing(rival), rival.cursor() as cursor, ThreadPoolExecutor(1) as threads:
        cursor.execute("SELECT 1 FROM orders_order WHERE id = %s FOR UPDATE", [held.pk])
        taken = threads.submit(take_apart, service).result()  # one that waits gives up in time

    assert taken is not None
    assert taken.order_id == free.pk
