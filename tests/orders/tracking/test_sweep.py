"""Tracking a provider over real HTTP: batches, ends, refunds, and what must not move money."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from billing.ledger import LedgerError
from billing.models import Account, Transfer, TransferKind
from catalog.models import Provider, Service
from catalog.provider_client import open_client
from catalog.upstream import BATCH, Client, Endpoint, OrderStatus, StatusReply
from catalog.upstream import Status as Word
from orders.models import EventKind, Order, Status, Watch
from orders.tracking.apply_reports import apply_reports
from orders.tracking.sweep import IN_FLIGHT, claim_batch, track_batch
from tests.connected_provider import make_due, run_order
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_service, make_user
from tests.guards_off import at_once_without
from tests.orders.tracking.sweeps import CONFIRM, refunds, sweep
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_progress_is_read(double: ProviderDouble, service: Service) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="In progress", remains=400, start_count=3572)

    sweep()

    order.refresh_from_db()
    assert (order.status, order.upstream_status, order.start_count, order.remains) == (
        Status.RUNNING,
        "In progress",
        3572,
        400,
    )


def test_completed_ends_and_refunds_nothing(double: ProviderDouble, service: Service) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Completed", remains=0)

    sweep()

    order.refresh_from_db()
    assert (order.status, order.refunded, order.remains) == (Status.COMPLETED, Decimal(0), 0)
    assert not Watch.objects.exists()


def test_partial_refunds_what_was_not_delivered_after_two_looks(
    double: ProviderDouble, service: Service, settings: Settings
) -> None:
    service.price = Decimal("1.23457")
    service.save()
    order = run_order(service, quantity=1000)
    double.set_order(order.upstream_id or "", status="Partial", remains=157)

    settings.REFUND_CONFIRM = 60  # so that a slow sweep does not look twice
    sweep()
    after_one = Order.objects.get(pk=order.pk)
    settings.REFUND_CONFIRM = CONFIRM
    sweep()

    order.refresh_from_db()
    owed = Decimal("0.19382")  # of 0.19382749
    assert (after_one.status, after_one.refunded) == (Status.RUNNING, Decimal(0))
    assert (order.status, order.refunded, order.remains) == (Status.PARTIAL, owed, 157)
    assert refunds(order) == [owed]
    assert Account.objects.get(owner=order.user).balance == owed


def test_canceled_refunds_all_after_two_looks(double: ProviderDouble, service: Service) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Canceled", remains=1000)

    sweep(times=2)

    order.refresh_from_db()
    assert (order.status, refunds(order)) == (Status.CANCELED, [order.charge])


def test_pitfall_14_and_15_further_looks_and_stale_answers_refund_nothing_more(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Partial", remains=500)
    sweep(times=2)
    with open_client(provider) as client:
        reply = client.status([order.upstream_id or ""])

    for _ in range(3):
        apply_reports(
            upstream_ids={order.pk: order.upstream_id or ""},
            reports=reply.orders,  # type: ignore[arg-type]  # one id, known to be there
            observed_at=timezone.now(),
            now=timezone.now(),
        )

    order.refresh_from_db()
    assert len(refunds(order)) == 1
    assert order.refunded == refunds(order)[0]


def test_fault_13_an_older_answer_never_wins(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    order = run_order(service)
    upstream_id = order.upstream_id or ""
    double.set_order(upstream_id, status="In progress", remains=900)
    with open_client(provider) as client:
        asked_first = timezone.now()
        old = client.status([upstream_id])
    double.set_order(upstream_id, status="In progress", remains=100)
    sweep()

    apply_reports(
        upstream_ids={order.pk: upstream_id},
        reports=old.orders,  # type: ignore[arg-type]  # one id, known to be there
        observed_at=asked_first,
        now=timezone.now(),
    )

    order.refresh_from_db()
    assert order.remains == 100


class LateClient(Client):
    """Gets its answer at once, and hands it on only after `meanwhile`."""

    def __init__(self, endpoint: Endpoint, *, meanwhile: Callable[[], None]) -> None:
        super().__init__(endpoint)
        self.meanwhile = meanwhile

    def status(self, ids: Sequence[str]) -> StatusReply:
        reply = super().status(ids)
        self.meanwhile()
        return reply


def test_answer_that_was_asked_for_early_and_came_late_is_not_applied_over_a_newer_one(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    order = run_order(service)
    upstream_id = order.upstream_id or ""
    double.set_order(upstream_id, status="In progress", remains=900)
    make_due()

    def deliver_and_look() -> None:
        double.set_order(upstream_id, status="In progress", remains=100)
        sweep()

    endpoint = Endpoint(url=double.url, key=double.key, timeout=30, is_private_allowed=True)
    with LateClient(endpoint, meanwhile=deliver_and_look) as client:
        tally = track_batch(provider=provider, client=client)

    order.refresh_from_db()
    assert (order.status, order.remains) == (Status.RUNNING, 100)
    assert tally == {}


def test_order_that_is_due_longest_is_asked_first_however_young() -> None:
    service = make_service()
    orders = [
        make_order(service=service, status=Status.RUNNING, upstream_id=str(number))
        for number in range(BATCH + 1)
    ]
    make_due()
    youngest = orders[-1]
    Watch.objects.filter(order=youngest).update(due_at=NOW - timedelta(hours=1))

    batch = claim_batch(provider=service.provider)

    assert len(batch.upstream_ids) == BATCH
    assert youngest.pk in batch.upstream_ids


@pytest.mark.slow
def test_pitfall_12_orders_are_asked_for_in_batches_of_100(
    double: ProviderDouble, service: Service
) -> None:
    orders = [run_order(service, quantity=service.min_quantity) for _ in range(230)]
    double.advance(60)
    before = len(double.journal().requests)

    sweep()

    asked = [
        request for request in double.journal().requests[before:] if request.action == "status"
    ]
    named = [request.parameters.get("orders") or request.parameters["order"] for request in asked]
    sizes = [len(names.split(",")) for names in named]
    assert (sum(sizes), max(sizes) <= 100) == (len(orders), True)
    assert len(sizes) <= 2 + IN_FLIGHT  # lanes that claim at one moment share what is left
    assert Watch.objects.filter(observed_at__isnull=False).count() == len(orders)


def test_a_batch_is_applied_in_a_fixed_number_of_queries(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    counts = []
    for size in (1, 40):
        for order in [run_order(service, quantity=service.min_quantity) for _ in range(size)]:
            double.set_order(order.upstream_id or "", status="In progress", remains=1)
        make_due()
        with (
            open_client(provider) as client,
            CaptureQueriesContext(connections["default"]) as queries,
        ):
            track_batch(provider=provider, client=client)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_refunds_of_every_batch_lock_the_wallets_in_the_same_order(settings: Settings) -> None:
    """Two batches with the orders of two customers the other way round would wait for each
    other in a circle.
    """
    settings.REFUND_CONFIRM = 0
    customers = [make_user(balance="10") for _ in range(3)]
    service = make_service()
    orders = [
        make_order(user=user, service=service, status=Status.RUNNING)
        for user in reversed(customers)
    ]
    canceled = OrderStatus(Word.CANCELED, "Canceled", Decimal(0), "USD", None, 1000, "1000")

    for _ in range(2):
        apply_reports(
            upstream_ids={order.pk: order.upstream_id or "" for order in orders},
            reports={order.upstream_id or "": canceled for order in orders},
            observed_at=timezone.now(),
            now=timezone.now(),
        )

    refunded = Transfer.objects.filter(kind=TransferKind.REFUND).order_by("pk")
    assert list(refunded.values_list("wallet__owner", flat=True)) == [user.pk for user in customers]


def test_two_sweeps_at_once_refund_once(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    orders = [run_order(service, quantity=service.min_quantity) for _ in range(10)]
    for order in orders:
        double.set_order(order.upstream_id or "", status="Canceled", remains=service.min_quantity)
    sweep()

    def look(_: int) -> None:
        make_due()
        with open_client(provider) as client:
            track_batch(provider=provider, client=client)

    at_once(look, times=4)

    for order in orders:
        order.refresh_from_db()
        assert refunds(order) == [order.charge]


def test_control_without_the_orders_lock_a_refund_is_booked_again(settings: Settings) -> None:
    """Only that its reference was booked before is in the way then."""
    settings.REFUND_CONFIRM = 0
    order = make_order(status=Status.RUNNING)
    canceled = OrderStatus(Word.CANCELED, "Canceled", Decimal(0), "USD", None, 1000, "1000")
    report = partial(
        apply_reports,
        upstream_ids={order.pk: order.upstream_id or ""},
        reports={order.upstream_id or "": canceled},
        now=timezone.now(),
    )
    report(observed_at=timezone.now())

    def end(_: int) -> str:
        try:
            report(observed_at=timezone.now())
        except (LedgerError, DatabaseError, KeyError):  # the watch is gone with its order's end
            return "broken off"
        return "refunded"

    ends = at_once_without(end, times=3)

    assert Counter(ends) == {"refunded": 1, "broken off": 2}


def test_the_timeline_shows_the_refund_with_its_formula(
    double: ProviderDouble, service: Service
) -> None:
    order = run_order(service, quantity=1000)
    double.set_order(order.upstream_id or "", status="Partial", remains=100)

    sweep(times=2)

    order.refresh_from_db()
    event = order.events.get(kind=EventKind.REFUNDED)
    assert (
        event.text
        == f"Refunded {order.refunded:.5f}: {order.charge:.5f} × 100 / 1,000 = {order.refunded:.5f}"
    )
    assert event.detail["balance_after"] == str(order.refunded)
