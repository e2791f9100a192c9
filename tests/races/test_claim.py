"""Many sweeps at once forward each order once; the usual way of claiming, for comparison, sends
some twice.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Service
from catalog.provider_client import open_client
from catalog.upstream import Accepted
from orders.forwarding.sweep import forward_next
from orders.models import Attempt, Order, Status
from tests.double.handle import ProviderDouble
from tests.orders.attempts import end_of, make_due, make_lane, start_sweep

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = 50
THREADS = 8


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_lane(double)


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


def test_claim_without_the_row_lock_sends_orders_twice(
    double: ProviderDouble, service: Service
) -> None:
    orders = make_due(service, count=ORDERS)
    barrier = Barrier(THREADS)

    def forward_without_claim(_: int) -> None:
        barrier.wait(timeout=30)
        try:
            with open_client(service.provider) as client:
                while order := Order.objects.filter(status=Status.WAITING).order_by("pk").first():
                    fields = {
                        "service": service.upstream_id,
                        "link": order.link,
                        "quantity": str(order.quantity),
                    }
                    outcome = client.add(fields)
                    assert isinstance(outcome, Accepted)
                    Order.objects.filter(pk=order.pk).update(
                        status=Status.RUNNING,
                        upstream_id=outcome.order_id,
                        running_at=timezone.now(),
                    )
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(forward_without_claim, range(THREADS)))

    assert len(double.placed()) > len(orders)
