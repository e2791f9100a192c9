"""Two people, or a person and a machine, act on one order at the same moment: one wins, the other
learns of it.
"""

from functools import partial
from uuid import uuid4

import pytest

from accounts.models import Role
from catalog.upstream import Accepted, Exchange
from orders.aftercare.requests import NotOffered, request_cancel
from orders.audit.prove_all import prove
from orders.forwarding.claim import claim
from orders.forwarding.record_outcome import record_outcome
from orders.models import Attempt, Event, EventKind, Order, Status
from orders.unclear.decide import AlreadyDecided, refund, resend
from tests.factories import NOW, make_order, make_service, make_user
from tests.guards_off import ROW_LOCK, SENDER_LOCK, at_once_without
from tests.orders.attempts import make_unclear, only_attempt
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10
decide_together = partial(together, errors=(AlreadyDecided,))


def test_of_two_decisions_at_once_one_counts() -> None:
    staff, service = make_user(role=Role.STAFF), make_service()
    for _ in range(ROUNDS):
        order = make_unclear(service)

        results = decide_together(
            partial(refund, order=order, actor=staff, reason="not placed", now=NOW),
            partial(resend, order=order, actor=staff, reason="not placed", now=NOW),
        )

        assert sum(isinstance(result, AlreadyDecided) for result in results) == 1
        assert Event.objects.filter(order=order, kind=EventKind.DECISION).count() == 1
    assert prove().findings == []


def test_of_a_decision_and_a_late_answer_one_counts() -> None:
    staff, service = make_user(role=Role.STAFF), make_service()
    for number in range(ROUNDS):
        order = make_unclear(service)
        attempt = only_attempt(order)
        answer = Accepted(str(70_000 + number), Exchange())

        decide_together(
            partial(refund, order=order, actor=staff, reason="not placed", now=NOW),
            partial(record_outcome, attempt_id=attempt.pk, outcome=answer, now=NOW),
        )

        order.refresh_from_db()
        is_refunded = (
            order.status == Status.CANCELED
            and order.refunded == order.charge
            and order.reviews.exists()
        )
        is_running = order.status == Status.RUNNING and not order.refunded
        assert is_refunded or is_running
    assert prove().findings == []


def test_order_is_either_canceled_by_its_customer_or_claimed() -> None:
    service = make_service()
    for _ in range(ROUNDS):
        order = make_order(service=service)

        decide_together(
            partial(_cancel, order),
            partial(claim, provider_id=service.provider_id, owner=uuid4()),
        )

        order.refresh_from_db()
        is_claimed = Attempt.objects.filter(order=order).exists()
        assert order.status == (Status.SUBMITTING if is_claimed else Status.CANCELED)
    assert prove().findings == []


def test_control_without_locks_an_order_is_refunded_and_sent_again() -> None:
    staff = make_user(role=Role.STAFF)
    order = make_unclear(make_service())

    def decide(number: int) -> None:
        act = (refund, resend)[number]
        act(order=order, actor=staff, reason="not placed", now=NOW)

    at_once_without(decide, times=2, off=[ROW_LOCK, SENDER_LOCK], nth=2)

    assert Event.objects.filter(order=order, kind=EventKind.DECISION).count() == 2


def test_control_without_the_row_lock_an_order_is_refunded_and_claimed() -> None:
    order = make_order()

    def act(number: int) -> None:
        if number:
            _cancel(order)
        else:
            claim(provider_id=order.provider_id, owner=uuid4())

    at_once_without(act, times=2)

    order.refresh_from_db()
    assert Attempt.objects.filter(order=order).exists()
    assert order.refunded == order.charge


def _cancel(order: Order) -> None:
    try:
        request_cancel(order=order, actor=order.user, now=NOW)
    except NotOffered:
        return
