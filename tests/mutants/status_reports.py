"""A provider that reports what is not so, or reports it late: nothing may be refunded that was
delivered.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test.utils import override_settings

from catalog.models import Provider
from catalog.provider_client import open_client
from orders.models import Order, Status
from orders.tracking.sweep import track_batch, track_due
from tests.connected_provider import connect, make_due, mirror_service, run_order
from tests.mutants.ground import Ground

ORDERS = 30  # more than a provider may cancel at one time
CONFIRM = 0.5  # seconds between the two looks that a refund needs
LATE_BY = 3.0  # seconds
DAY = 86_400.0  # seconds, in which the double delivers everything


@override_settings(REFUND_CONFIRM=CONFIRM, PROVIDER_TIMEOUT=2 * LATE_BY)
def answers_in_reverse(ground: Ground) -> list[str]:
    """An order is shown as canceled for a moment; both answers that say so arrive after one
    that says it runs.
    """
    provider = connect(ground.double)
    order = run_order(mirror_service(ground.double, provider))
    name = order.upstream_id or ""
    ground.double.set_order(name, shown={"status": "Canceled", "charge": "0"})
    ground.double.fault("status", "delayed", seconds=LATE_BY, times=2)
    with ThreadPoolExecutor(2) as threads:
        late = []
        for _ in range(2):
            late.append(threads.submit(_track, provider))
            time.sleep(CONFIRM * 1.5)
            make_due()
        ground.double.set_order(name, shown={})
        _track(provider)
        for each in late:
            each.result(timeout=30)
    _let_deliver(ground)
    return ground.wrongs() + _not_completed()


@override_settings(REFUND_CONFIRM=CONFIRM)
def all_canceled_for_a_moment(ground: Ground) -> list[str]:
    """The provider's panel shows every order as canceled, long enough to be seen twice; all of
    them are delivered.
    """
    service = mirror_service(ground.double, connect(ground.double))
    for number in range(ORDERS):
        run_order(service, link=f"https://example.com/{number}")
    ground.double.fault("status", "all_canceled")
    look_twice(track_due)
    ground.double.clear_faults()
    _let_deliver(ground)
    return ground.wrongs() + _not_completed()


def look_twice(track: Callable[[], object]) -> None:
    """Two looks at everything, far enough apart that a refundable end counts as confirmed."""
    with override_settings(REFUND_CONFIRM=CONFIRM):
        for _ in range(2):
            make_due()
            track()
            time.sleep(CONFIRM * 1.2)


def _track(provider: Provider) -> None:
    try:
        with open_client(provider) as client:
            track_batch(provider=provider, client=client)
    finally:
        connection.close()


def _let_deliver(ground: Ground) -> None:
    ground.double.advance(DAY)
    look_twice(track_due)


def _not_completed() -> list[str]:
    left = Order.objects.exclude(status=Status.COMPLETED).order_by("pk")
    return [f"order {order.pk} was delivered, but is {order.status}" for order in left]
