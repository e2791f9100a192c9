"""Events are saved for a customer's endpoints in the transaction that changes the order."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.upstream import OrderStatus, Status
from orders.aftercare.requests import reject, request_cancel, request_refill
from orders.lifecycle.end import complete, end_partially
from orders.lifecycle.public_status import sheet_of
from orders.lifecycle.start import start
from orders.models import Order, Refill, RequestState, WebhookDelivery
from orders.models import Status as OrderState
from orders.tracking.apply_reports import apply_reports
from orders.webhooks.body import body_of
from orders.webhooks.endpoints import remove_endpoint, switch_off
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.webhooks.endpoints import make_endpoint, told

pytestmark = pytest.mark.django_db


def data_of(delivery: WebhookDelivery) -> dict[str, Any]:
    """What the receiver will read."""
    data: dict[str, Any] = json.loads(body_of(delivery))["data"]
    return data


def test_order_tells_its_way_from_accepted_to_partial() -> None:
    order = make_order(status=OrderState.SUBMITTING)
    endpoint = make_endpoint(user=order.user)

    start(order=order, upstream_id="77", now=NOW)
    Order.objects.update(upstream_status="Processing", start_count=3572)
    Order.objects.update(upstream_status="In progress")
    Order.objects.update(upstream_status="In progress", remains=500)
    order.refresh_from_db()
    end_partially(order=order, undelivered=100, now=NOW)

    assert told(endpoint) == [
        "order.accepted",
        "order.processing",
        "order.in_progress",
        "order.partial",
    ]
    last = endpoint.deliveries.latest("pk")
    assert (last.order_id, last.state, last.tries, last.owner) == (order.pk, "waiting", 0, None)
    assert list(data_of(last).items()) == [
        ("order", order.pk),
        ("charge", "1.08000"),
        ("start_count", "3572"),
        ("status", "Partial"),
        ("remains", "100"),
        ("currency", "USD"),
        ("refunded", "0.12000"),
    ]


def test_canceled_order_tells_its_refund_in_the_words_of_the_api() -> None:
    order = make_order()
    endpoint = make_endpoint(user=order.user)

    request_cancel(order=order, actor=order.user, now=NOW)

    order.refresh_from_db()
    [delivery] = endpoint.deliveries.all()
    assert delivery.type == "order.canceled"
    assert data_of(delivery) == {"order": order.pk, **sheet_of(order), "refunded": "1.20000"}


def test_body_keeps_what_was_true_when_it_happened() -> None:
    order = make_order(status=OrderState.RUNNING)
    endpoint = make_endpoint(user=order.user)

    Order.objects.update(upstream_status="In progress", remains=900)
    Order.objects.update(remains=1)

    assert data_of(endpoint.deliveries.get())["remains"] == "900"


def test_batch_of_reports_is_told_without_a_query_more() -> None:
    def queries_of_a_batch(*, told_to: int) -> int:
        user, service = make_user(balance="200"), make_service()
        orders = [
            make_order(user=user, service=service, status=OrderState.RUNNING) for _ in range(20)
        ]
        for number in range(told_to):
            make_endpoint(user=user, url=f"http://127.0.0.1:9/{number}")
        report = OrderStatus(
            status=Status.IN_PROGRESS,
            word="In progress",
            charge=None,
            currency="USD",
            start_count=1,
            remains=500,
            remains_text="500",
        )
        with CaptureQueriesContext(connection) as queries:
            apply_reports(
                upstream_ids={order.pk: str(order.upstream_id) for order in orders},
                reports={str(order.upstream_id): report for order in orders},
                observed_at=NOW + timedelta(minutes=1),
                now=NOW + timedelta(minutes=1),
            )
        return len(queries)

    assert queries_of_a_batch(told_to=0) == queries_of_a_batch(told_to=2)
    assert WebhookDelivery.objects.filter(type="order.in_progress").count() == 40


def test_nothing_is_told_where_the_change_is_rolled_back() -> None:
    order = make_order(status=OrderState.RUNNING)
    endpoint = make_endpoint(user=order.user)

    with transaction.atomic():
        complete(order=order, now=NOW)
        told_inside = told(endpoint)
        transaction.set_rollback(True)

    assert told_inside == ["order.completed"]
    assert told(endpoint) == []


def test_nothing_is_told_of_what_was_not_wanted_or_of_others() -> None:
    order = make_order(status=OrderState.RUNNING)
    unwanting = make_endpoint(user=order.user, events=["order.partial"])
    stranger = make_endpoint()
    off, removed = (
        make_endpoint(user=order.user, url=f"http://127.0.0.1:9/{number}") for number in range(2)
    )
    switch_off(endpoint=off, now=NOW)
    remove_endpoint(endpoint=removed, now=NOW)

    complete(order=order, now=NOW)

    assert [told(each) for each in (unwanting, stranger, off, removed)] == [[], [], [], []]


def test_one_event_has_one_id_at_every_endpoint() -> None:
    order = make_order(status=OrderState.RUNNING)
    for number in range(2):
        make_endpoint(user=order.user, url=f"http://127.0.0.1:9/{number}")

    complete(order=order, now=NOW)

    assert WebhookDelivery.objects.count() == 2
    assert WebhookDelivery.objects.values("event_id").distinct().count() == 1


def test_refill_tells_request_rejection_and_reason() -> None:
    order = make_order(service=make_service(is_refill=True), status=OrderState.COMPLETED)
    endpoint = make_endpoint(user=order.user)

    refill = request_refill(order=order, actor=order.user, now=NOW)
    reject(request=refill, actor=order.user, reason="Nothing has dropped", now=NOW)

    requested, rejected = endpoint.deliveries.order_by("pk")
    assert (requested.type, rejected.type) == ("refill.requested", "refill.rejected")
    assert data_of(requested) == {
        "refill": refill.pk,
        "order": order.pk,
        "status": "Pending",
        "reason": "",
    }
    assert data_of(rejected) == {
        "refill": refill.pk,
        "order": order.pk,
        "status": "Rejected",
        "reason": "Nothing has dropped",
    }


def test_refill_that_succeeds_is_told_once() -> None:
    order = make_order(service=make_service(is_refill=True), status=OrderState.COMPLETED)
    request_refill(order=order, actor=order.user, now=NOW)
    endpoint = make_endpoint(user=order.user)

    for state in (
        RequestState.SENDING,
        RequestState.RUNNING,
        RequestState.COMPLETED,
        RequestState.COMPLETED,
    ):
        Refill.objects.update(state=state)

    assert told(endpoint) == ["refill.completed"]


def test_cancellation_tells_request_and_rejection() -> None:
    order = make_order(service=make_service(is_cancel=True), status=OrderState.RUNNING)
    endpoint = make_endpoint(user=order.user)

    request_cancel(order=order, actor=order.user, now=NOW)
    complete(order=order, now=NOW)

    assert sorted(told(endpoint)) == ["cancel.rejected", "cancel.requested", "order.completed"]
    rejected = endpoint.deliveries.get(type="cancel.rejected")
    assert data_of(rejected) == {
        "order": order.pk,
        "status": "Rejected",
        "reason": "The order ended before",
    }
