"""Following 400 orders at a provider that takes 50 ms to answer: 100 ids a call against one id a
call.
"""

from django.utils import timezone

from benchmarks.__main__ import Measured, median_of
from catalog.provider_client import open_client
from catalog.upstream import BATCH
from orders.models import Watch
from orders.tracking.sweep import IN_FLIGHT, track_due
from tests.connected_provider import connect, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.factories import make_user

ORDERS, LATENCY = 400, 0.05
SAMPLE = 20  # orders asked about one by one; the figure is scaled to all of them


def measure() -> list[Measured]:
    """A whole sweep with its writes, against one request per order, and against the bare time
    of four calls at once.
    """
    Watch.objects.all().delete()  # of the benchmarks before this one
    with ProviderDouble() as double:
        provider = connect(double)
        service = mirror_service(double, provider)
        user = make_user(balance="100000")
        for _ in range(ORDERS):
            run_order(service, quantity=service.min_quantity, user=user, now=timezone.now())
        double.fault("status", "delayed", seconds=LATENCY)

        def ours() -> None:
            Watch.objects.update(due_at=timezone.now())
            track_due()

        def habit() -> None:
            with open_client(provider) as client:
                for name in Watch.objects.filter(provider=provider).values_list(
                    "order__upstream_id", flat=True
                )[:SAMPLE]:
                    client.status([name or ""])

        return [
            Measured(
                f"poll {ORDERS} orders at {LATENCY * 1000:.0f} ms latency",
                median_of(ours, runs=3),
                median_of(habit, runs=3) * ORDERS / SAMPLE,
                LATENCY * -(-ORDERS // (BATCH * IN_FLIGHT)),
            )
        ]
