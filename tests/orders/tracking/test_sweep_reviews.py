"""Reports that are not believed: bad answers, ids and words, no remains, false mass cancels."""

from collections import Counter
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import Transfer, TransferKind
from catalog.models import Provider, Service
from catalog.provider_client import open_client
from orders.models import Order, ReviewKind, Status, Watch
from orders.tracking.apply_reports import apply_reports
from tests.connected_provider import connect, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.orders.tracking.sweeps import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_contradicting_report_after_the_end_is_shown_to_staff_and_moves_nothing(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    order = run_order(service)
    upstream_id = order.upstream_id or ""
    double.set_order(upstream_id, status="Completed", remains=0)
    sweep()
    double.set_order(upstream_id, status="Canceled", remains=1000)
    with open_client(provider) as client:
        reply = client.status([upstream_id])

    apply_reports(
        upstream_ids={order.pk: upstream_id},
        reports=reply.orders,  # type: ignore[arg-type]  # one id, known to be there
        observed_at=timezone.now(),
        now=timezone.now(),
    )

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.COMPLETED, Decimal(0))
    assert [review.kind for review in order.reviews.all()] == [ReviewKind.CONTRADICTION]


@pytest.mark.parametrize(
    "mode", ["html200", "http500", "reset", "truncated", "empty", "wrong_type"]
)
def test_fault_11_a_broken_answer_delays_and_moves_nothing(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Canceled", remains=1000)
    double.fault("status", mode)

    sweep(times=2)
    while_broken = Order.objects.get(pk=order.pk)
    # of the provider, not of the order
    assert Watch.objects.values_list("errors", flat=True).get() == 0
    double.clear_faults()
    sweep(times=2)

    order.refresh_from_db()
    assert (while_broken.status, while_broken.refunded) == (Status.RUNNING, Decimal(0))
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)


def test_pitfall_19_one_bad_id_does_not_spoil_the_others(
    double: ProviderDouble, service: Service
) -> None:
    good, bad = run_order(service), run_order(service)
    for order in (good, bad):
        double.set_order(order.upstream_id or "", status="Completed", remains=0)
    double.fault("status", "forgotten", ids=[bad.upstream_id or ""])

    sweep()

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status) == (Status.COMPLETED, Status.RUNNING)


def test_pitfall_19_unknown_word_is_kept_out_and_shown_to_staff(
    double: ProviderDouble, service: Service
) -> None:
    order = run_order(service)
    double.fault("status", "unknown_word")

    sweep()

    order.refresh_from_db()
    assert order.status == Status.RUNNING
    assert [review.kind for review in order.reviews.all()] == [ReviewKind.UNKNOWN_STATUS]


def test_review_of_an_unknown_word_closes_once_a_known_one_follows(
    double: ProviderDouble, service: Service
) -> None:
    order = run_order(service)
    double.fault("status", "unknown_word")
    sweep()
    double.clear_faults()

    sweep()

    assert [(review.closed_at is not None, review.closed_by) for review in order.reviews.all()] == [
        (True, None)
    ]


@pytest.mark.parametrize(
    "mode", ["remains_unknown", "remains_null", "remains_empty", "remains_missing"]
)
def test_pitfall_13_partial_without_remains_is_never_guessed(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Partial", remains=157)
    double.fault("status", mode)

    sweep(times=3)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))
    assert [review.kind for review in order.reviews.all()] == [ReviewKind.NO_REMAINS]


def test_fault_12_a_false_mass_cancellation_is_held_for_staff(
    double: ProviderDouble, service: Service
) -> None:
    orders = [run_order(service, quantity=service.min_quantity) for _ in range(25)]
    double.fault("status", "all_canceled")

    sweep(times=3)

    assert Counter(Order.objects.values_list("status", flat=True)) == {Status.RUNNING: 25}
    assert not Transfer.objects.filter(kind=TransferKind.REFUND).exists()
    kinds = [review.kind for order in orders for review in order.reviews.all()]
    assert kinds == [ReviewKind.MASS_CANCEL] * 25


def test_fault_12_when_the_provider_takes_it_back_the_reviews_close_and_orders_run_on(
    double: ProviderDouble, service: Service
) -> None:
    orders = [run_order(service, quantity=service.min_quantity) for _ in range(25)]
    double.fault("status", "all_canceled")
    sweep(times=2)
    double.clear_faults()

    sweep()

    assert not any(order.reviews.filter(closed_at=None).exists() for order in orders)
    assert Counter(Order.objects.values_list("status", flat=True)) == {Status.RUNNING: 25}


def test_twenty_cancellations_are_not_a_mass(double: ProviderDouble, service: Service) -> None:
    for order in [run_order(service, quantity=service.min_quantity) for _ in range(20)]:
        double.set_order(order.upstream_id or "", status="Canceled", remains=service.min_quantity)

    sweep(times=2)

    assert Counter(Order.objects.values_list("status", flat=True)) == {Status.CANCELED: 20}


def test_a_provider_whose_key_cannot_be_read_keeps_nobody_else_waiting(
    double: ProviderDouble, service: Service
) -> None:
    locked_out = connect(double)
    stuck = run_order(mirror_service(double, locked_out))
    locked_out.sealed_key = "sealed under a key that is lost"
    locked_out.save()
    order = run_order(service)
    double.set_order(order.upstream_id or "", status="Completed", remains=0)

    sweep()

    order.refresh_from_db()
    stuck.refresh_from_db()
    assert (order.status, stuck.status) == (Status.COMPLETED, Status.RUNNING)


@pytest.mark.parametrize("charge", ["1000000000000", "999999999999.999999999"])
def test_a_charge_too_large_to_be_stored_holds_up_no_other_order(
    double: ProviderDouble, service: Service, charge: str
) -> None:
    odd, order = run_order(service), run_order(service)
    double.set_order(
        odd.upstream_id or "", status="In progress", remains=400, shown={"charge": charge}
    )
    double.set_order(order.upstream_id or "", status="Completed", remains=0)

    sweep()

    odd.refresh_from_db()
    order.refresh_from_db()
    assert (odd.upstream_status, odd.remains, odd.upstream_charge) == ("In progress", 400, None)
    assert order.status == Status.COMPLETED
