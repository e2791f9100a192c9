"""Refills and cancellations on their way to the provider and back, over real HTTP."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from catalog.models import Provider, Service
from catalog.provider_client import open_client
from orders.aftercare.refill_status import poll_refills
from orders.aftercare.requests import request_cancel, request_refill
from orders.aftercare.send_requests import claim_batch, close_overtaken, send_batch, send_due
from orders.models import Cancellation, Order, Refill, RequestState, Status
from tests.connected_provider import connect, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.guards_off import at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(double: ProviderDouble) -> Provider:
    return connect(double)


@pytest.fixture
def service(double: ProviderDouble, provider: Provider) -> Service:
    service = mirror_service(double, provider)
    service.is_refill = service.is_cancel = True
    service.refill_mode = service.cancel_mode = "automatic"
    service.save()
    double.patch_service(int(service.upstream_id), refill=True, cancel=True)
    return service


def delivered(double: ProviderDouble, service: Service) -> Order:
    """An order that the provider has completed."""
    order = run_order(service, quantity=service.min_quantity)
    double.set_order(order.upstream_id or "", status="Completed", remains=0)
    order.status = Status.COMPLETED
    order.ended_at = timezone.now()
    order.save()
    order.watch.delete()
    return order


def ask_refill(order: Order) -> Refill:
    return request_refill(order=order, actor=order.user, now=timezone.now())


def ask_cancel(order: Order) -> Cancellation:
    cancellation = request_cancel(order=order, actor=order.user, now=timezone.now())
    assert cancellation is not None
    return cancellation


def states(kind: type[Refill] | type[Cancellation]) -> Counter[str]:
    return Counter(kind.objects.values_list("state", flat=True))


def test_pitfall_20_a_refill_reaches_the_provider_and_is_followed_to_its_end(
    double: ProviderDouble, service: Service
) -> None:
    refill = ask_refill(delivered(double, service))

    send_due()
    refill.refresh_from_db()
    sent = refill.state
    double.set_refill(refill.upstream_id, "Completed")
    poll_refills()

    refill.refresh_from_db()
    assert sent == RequestState.RUNNING
    assert refill.state == RequestState.COMPLETED
    assert refill.ended_at is not None
    assert [row.order for row in double.journal().refills] == [int(refill.order.upstream_id or 0)]


def test_a_refill_that_the_provider_rejects_says_so(
    double: ProviderDouble, service: Service
) -> None:
    refill = ask_refill(delivered(double, service))
    send_due()
    refill.refresh_from_db()
    double.set_refill(refill.upstream_id, "Rejected")

    poll_refills()

    refill.refresh_from_db()
    assert (refill.state, refill.reason) == (
        RequestState.REJECTED,
        "Refill rejected by the provider",
    )


@pytest.mark.slow
def test_refills_are_sent_and_polled_100_a_call(double: ProviderDouble, service: Service) -> None:
    for order in [delivered(double, service) for _ in range(120)]:
        ask_refill(order)
    before = len(double.journal().requests)

    send_due()
    poll_refills()

    asked = [
        row
        for row in double.journal().requests[before:]
        if row.action in {"refill", "refill_status"}
    ]
    sizes = [
        (row.action, len((row.parameters.get("orders") or row.parameters["refills"]).split(",")))
        for row in asked
    ]
    assert sizes == [("refill", 100), ("refill", 20), ("refill_status", 100), ("refill_status", 20)]
    assert states(Refill) == {RequestState.RUNNING: 120}


def test_a_refused_refill_is_rejected_with_the_providers_words(
    double: ProviderDouble, service: Service
) -> None:
    order = delivered(double, service)
    double.patch_service(int(service.upstream_id), refill=False)
    refill = ask_refill(order)

    send_due()

    refill.refresh_from_db()
    assert refill.state == RequestState.REJECTED
    assert refill.reason.startswith("Rejected by the provider: ")


@pytest.mark.parametrize(
    "mode", ["commit_reset", "nocommit_close", "commit_truncated", "commit_http500"]
)
def test_a_refill_that_was_perhaps_taken_is_never_sent_again_by_a_machine(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    refill = ask_refill(delivered(double, service))
    double.fault("refill", mode, times=1)

    for _ in range(3):
        send_due()

    refill.refresh_from_db()
    assert refill.state == RequestState.UNCLEAR
    assert len([row for row in double.journal().requests if row.action == "refill"]) == 1


def test_a_refill_that_was_certainly_not_sent_goes_later(
    double: ProviderDouble, service: Service
) -> None:
    refill = ask_refill(delivered(double, service))
    double.refuse_connections()

    send_due()
    refill.refresh_from_db()
    postponed = (refill.state, refill.send_at is not None and refill.send_at > timezone.now())
    double.accept_connections()
    Refill.objects.update(send_at=timezone.now())
    send_due()

    refill.refresh_from_db()
    assert postponed == (RequestState.APPROVED, True)
    assert refill.state == RequestState.RUNNING


def test_a_worker_that_died_while_sending_leaves_an_unclear_refill(
    double: ProviderDouble, service: Service
) -> None:
    refill = ask_refill(delivered(double, service))
    long_ago = timezone.now() - timedelta(minutes=5)
    Refill.objects.update(state=RequestState.SENDING, sent_at=long_ago, lease_until=long_ago)

    send_due()

    refill.refresh_from_db()
    assert refill.state == RequestState.UNCLEAR
    assert not [row for row in double.journal().requests if row.action == "refill"]


def test_a_refill_that_the_provider_forgets_goes_to_staff(
    double: ProviderDouble, service: Service
) -> None:
    refill = ask_refill(delivered(double, service))
    send_due()
    Refill.objects.update(upstream_id="987654321")

    for _ in range(5):
        Refill.objects.update(due_at=timezone.now())
        poll_refills()

    refill.refresh_from_db()
    assert refill.state == RequestState.UNCLEAR


def test_pitfall_16_a_cancellation_reaches_the_provider_and_moves_no_money(
    double: ProviderDouble, service: Service
) -> None:
    order = run_order(service, quantity=service.min_quantity)
    cancellation = ask_cancel(order)

    send_due()

    order.refresh_from_db()
    cancellation.refresh_from_db()
    assert cancellation.state == RequestState.RUNNING
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))
    assert len([row for row in double.journal().requests if row.action == "cancel"]) == 1


def test_a_cancellation_of_an_unclear_order_waits_until_it_is_known(
    double: ProviderDouble, service: Service
) -> None:
    order = run_order(service, quantity=service.min_quantity)
    cancellation = ask_cancel(order)
    Order.objects.filter(pk=order.pk).update(status=Status.UNCLEAR)

    send_due()

    cancellation.refresh_from_db()
    assert cancellation.state == RequestState.APPROVED
    assert not [row for row in double.journal().requests if row.action == "cancel"]


@pytest.mark.parametrize("mode", ["commit_reset", "nocommit_http500"])
def test_a_cancellation_is_asked_again_until_five_answers_were_lost_and_then_looked_up(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    order = run_order(service, quantity=service.min_quantity)
    cancellation = ask_cancel(order)
    double.fault("cancel", mode)

    seen = []
    for _ in range(7):
        Cancellation.objects.update(send_at=timezone.now())
        send_due()
        cancellation.refresh_from_db()
        seen.append(cancellation.state)

    order.refresh_from_db()
    assert seen == [RequestState.APPROVED] * 4 + [RequestState.UNCLEAR] * 3
    assert cancellation.lost_answers == 5
    assert len([row for row in double.journal().requests if row.action == "cancel"]) == 5
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))


def test_an_answer_between_lost_ones_begins_the_count_anew(
    double: ProviderDouble, service: Service
) -> None:
    cancellation = ask_cancel(run_order(service, quantity=service.min_quantity))
    Cancellation.objects.update(lost_answers=4)

    send_due()

    cancellation.refresh_from_db()
    assert (cancellation.state, cancellation.lost_answers) == (RequestState.RUNNING, 0)


@pytest.mark.parametrize(
    ("status", "state"),
    [(Status.COMPLETED, RequestState.REJECTED), (Status.CANCELED, RequestState.COMPLETED)],
)
def test_a_cancellation_that_its_order_overtook_ends_with_it(
    double: ProviderDouble, service: Service, status: Status, state: RequestState
) -> None:
    order = run_order(service, quantity=service.min_quantity)
    cancellation, other = (
        ask_cancel(order),
        ask_cancel(run_order(service, quantity=service.min_quantity)),
    )
    Cancellation.objects.update(state=RequestState.RUNNING)
    refunded = order.charge if status == Status.CANCELED else Decimal(0)
    Order.objects.filter(pk=order.pk).update(
        status=status, refunded=refunded, ended_at=timezone.now()
    )

    closed = [close_overtaken(now=timezone.now()) for _ in range(2)]

    cancellation.refresh_from_db()
    other.refresh_from_db()
    assert closed == [1, 0]
    assert (cancellation.state, other.state) == (state, RequestState.RUNNING)
    assert cancellation.ended_at is not None


def test_two_sweeps_at_once_send_each_refill_once(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    for order in [delivered(double, service) for _ in range(30)]:
        ask_refill(order)

    def send(_: int) -> None:
        with open_client(provider) as client:
            send_batch(kind=Refill, provider=provider, client=client)

    at_once(send, times=4)

    assert len(double.journal().refills) == 30
    assert states(Refill) == {RequestState.RUNNING: 30}


def test_control_without_the_row_lock_sweeps_take_the_same_refills(
    double: ProviderDouble, provider: Provider, service: Service
) -> None:
    for order in [delivered(double, service) for _ in range(3)]:
        ask_refill(order)

    def take(_: int) -> int:
        now = timezone.now()
        return len(claim_batch(kind=Refill, provider=provider, owner=uuid4(), now=now))

    assert at_once_without(take, times=4) == [3] * 4
