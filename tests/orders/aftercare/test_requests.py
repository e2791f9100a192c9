"""Requests for refills and cancellations, and what staff decide."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Role
from billing.models import Account
from catalog.models import AftercareMode
from orders.aftercare.bulk_requests import request_cancels
from orders.aftercare.requests import (
    AlreadyDecided,
    AlreadyOpen,
    NotOffered,
    approve,
    can_cancel,
    reject,
    request_cancel,
    request_refill,
)
from orders.lifecycle.end import cancel_in_full, complete
from orders.models import Cancellation, HoldReason, Order, Refill, RequestState, Status
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def held(reason: HoldReason) -> Order:
    order = make_order()
    order.hold(reason=reason, text="", now=NOW)
    return order


def test_refill_of_a_completed_order_waits_for_staff() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)

    refill = request_refill(order=order, actor=order.user, now=LATER)

    assert (refill.state, refill.requested_by, refill.send_at) == (
        RequestState.REQUESTED,
        order.user,
        None,
    )


def test_refill_goes_at_once_where_the_service_says_so() -> None:
    service = make_service(is_refill=True)
    service.refill_mode = AftercareMode.AUTOMATIC
    service.save()
    order = make_order(service=service, status=Status.COMPLETED)

    refill = request_refill(order=order, actor=order.user, now=LATER)

    assert (refill.state, refill.send_at) == (RequestState.APPROVED, LATER)


def test_pitfall_20_two_refills_never_run_on_one_order() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)
    request_refill(order=order, actor=order.user, now=LATER)

    with pytest.raises(AlreadyOpen):
        request_refill(order=order, actor=order.user, now=LATER)

    assert Refill.objects.count() == 1


@pytest.mark.parametrize("status", [Status.WAITING, Status.RUNNING])
def test_refill_of_an_order_under_way_is_not_offered(status: Status) -> None:
    order = make_order(service=make_service(is_refill=True), status=status)

    with pytest.raises(NotOffered):
        request_refill(order=order, actor=order.user, now=LATER)


def test_refill_of_a_service_without_refill_is_not_offered() -> None:
    order = make_order(status=Status.COMPLETED)

    with pytest.raises(NotOffered):
        request_refill(order=order, actor=order.user, now=LATER)


def test_an_order_that_was_never_sent_is_canceled_and_refunded_at_once() -> None:
    order = make_order(status=Status.WAITING)

    answer = request_cancel(order=order, actor=order.user, now=LATER)

    order.refresh_from_db()
    assert answer is None
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)
    assert Account.objects.get(owner=order.user).balance == order.charge


@pytest.mark.parametrize(
    "reason", [HoldReason.PROVIDER_FUNDS, HoldReason.PROVIDER_KEY, HoldReason.LOSS]
)
def test_an_order_that_is_held_before_it_was_sent_is_canceled_and_refunded_at_once(
    reason: HoldReason,
) -> None:
    order = held(reason)

    request_cancel(order=order, actor=order.user, now=LATER)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)


def test_pitfall_1_an_order_that_staff_hold_may_be_placed_and_is_not_refunded_by_its_customer() -> (
    None
):
    order = held(HoldReason.STAFF)

    with pytest.raises(NotOffered):
        request_cancel(order=order, actor=order.user, now=LATER)
    asked = request_cancels(customer=order.user, ids=[order.pk], now=LATER)

    order.refresh_from_db()
    assert (order.status, order.refunded, asked) == (Status.HELD, Decimal(0), set())
    assert not can_cancel(order)


@pytest.mark.parametrize("is_cancel", [True, False])
def test_pitfall_1_an_order_that_is_being_sent_is_not_refunded(is_cancel: bool) -> None:
    order = make_order(service=make_service(is_cancel=is_cancel), status=Status.SUBMITTING)

    if is_cancel:
        cancellation = request_cancel(order=order, actor=order.user, now=LATER)
        assert cancellation is not None
        assert cancellation.state == RequestState.REQUESTED
    else:
        with pytest.raises(NotOffered):
            request_cancel(order=order, actor=order.user, now=LATER)
    asked = request_cancels(customer=order.user, ids=[order.pk], now=LATER)

    order.refresh_from_db()
    assert (order.status, order.refunded, asked) == (Status.SUBMITTING, Decimal(0), set())
    assert Account.objects.get(owner=order.user).balance == 0


def test_pitfall_16_canceling_a_running_order_moves_no_money() -> None:
    order = make_order(service=make_service(is_cancel=True), status=Status.RUNNING)

    cancellation = request_cancel(order=order, actor=order.user, now=LATER)

    order.refresh_from_db()
    assert cancellation is not None
    assert cancellation.state == RequestState.REQUESTED
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))


def test_a_running_order_of_a_service_without_cancel_cannot_be_canceled() -> None:
    order = make_order(status=Status.RUNNING)

    with pytest.raises(NotOffered):
        request_cancel(order=order, actor=order.user, now=LATER)

    assert not Cancellation.objects.exists()


def test_canceling_twice_is_one_request() -> None:
    order = make_order(service=make_service(is_cancel=True), status=Status.RUNNING)
    request_cancel(order=order, actor=order.user, now=LATER)

    with pytest.raises(AlreadyOpen):
        request_cancel(order=order, actor=order.user, now=LATER)


def test_an_ended_order_cannot_be_canceled() -> None:
    order = make_order(service=make_service(is_cancel=True), status=Status.COMPLETED)

    with pytest.raises(NotOffered):
        request_cancel(order=order, actor=order.user, now=LATER)


def test_approving_makes_a_request_due() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)
    refill = request_refill(order=order, actor=order.user, now=NOW)
    staff = make_user(role=Role.STAFF)

    approve(request=refill, actor=staff, now=LATER)

    refill.refresh_from_db()
    assert (refill.state, refill.decided_by, refill.send_at) == (
        RequestState.APPROVED,
        staff,
        LATER,
    )


def test_rejecting_tells_the_customer_why() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)
    refill = request_refill(order=order, actor=order.user, now=NOW)

    reject(
        request=refill, actor=make_user(role=Role.STAFF), reason="Nothing has dropped.", now=LATER
    )

    refill.refresh_from_db()
    assert (refill.state, refill.reason, refill.ended_at) == (
        RequestState.REJECTED,
        "Nothing has dropped.",
        LATER,
    )
    assert order.events.filter(
        text="Refill rejected: Nothing has dropped.", is_internal=False
    ).exists()


def test_the_second_of_two_decisions_sees_the_first() -> None:
    order = make_order(service=make_service(is_refill=True), status=Status.COMPLETED)
    refill = request_refill(order=order, actor=order.user, now=NOW)
    staff = make_user(role=Role.STAFF)
    approve(request=refill, actor=staff, now=LATER)

    with pytest.raises(AlreadyDecided):
        reject(request=refill, actor=staff, reason="No.", now=LATER)


@pytest.mark.parametrize("is_delivered", [True, False])
def test_the_end_of_an_order_ends_its_cancellation(is_delivered: bool) -> None:
    """One that has not been sent came too late; one that runs was heeded, unless all came."""
    heeded = RequestState.REJECTED if is_delivered else RequestState.COMPLETED
    for before, after in [
        (RequestState.REQUESTED, RequestState.REJECTED),
        (RequestState.APPROVED, RequestState.REJECTED),
        (RequestState.RUNNING, heeded),
        (RequestState.UNCLEAR, heeded),
    ]:
        order = make_order(service=make_service(is_cancel=True), status=Status.RUNNING)
        cancellation = request_cancel(order=order, actor=order.user, now=NOW)
        assert cancellation is not None
        Cancellation.objects.filter(pk=cancellation.pk).update(state=before)

        if is_delivered:
            complete(order=order, now=LATER)
        else:
            cancel_in_full(order=order, text="canceled by the supplier", now=LATER)

        cancellation.refresh_from_db()
        assert (cancellation.state, cancellation.ended_at) == (after, LATER), before
