"""The resolver and staff settle one order at the same moment: the first wins, the second sees it
(fault 35).
"""

from functools import partial

import pytest

from accounts.models import Role
from orders.audit.prove_all import prove
from orders.models import Attempt, AttemptState, Event, EventKind, Evidence, Status
from orders.unclear.apply_verdict import conclude_not_placed, conclude_placed
from orders.unclear.decide import AlreadyDecided, CannotDecide, refund, resend
from tests.factories import NOW, make_service, make_user
from tests.guards_off import ROW_LOCK, SENDER_LOCK, at_once_without
from tests.orders.attempts import make_unclear, only_attempt
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10


@pytest.mark.parametrize("decision", [resend, refund])
def test_fault_35_of_a_verdict_and_a_decision_at_once_one_counts(decision: object) -> None:
    staff, service = make_user(role=Role.STAFF), make_service()
    assert callable(decision)
    for number in range(ROUNDS):
        order = make_unclear(service)
        attempt = only_attempt(order)

        decided, is_placed, is_not_placed = together(
            partial(decision, order=order, actor=staff, reason="not there", now=NOW),
            partial(
                conclude_placed,
                attempt_id=attempt.pk,
                upstream_id=str(number),
                evidence=Evidence(),
                now=NOW,
            ),
            partial(conclude_not_placed, attempt_id=attempt.pk, evidence=Evidence(), now=NOW),
            errors=(AlreadyDecided,),
        )

        is_decided = not isinstance(decided, CannotDecide)
        assert [is_decided, is_placed, is_not_placed].count(True) == 1
        order.refresh_from_db()
        settled = Attempt.objects.get(pk=attempt.pk)
        assert (
            (order.status == Status.RUNNING) == (settled.state == AttemptState.PLACED) == is_placed
        )
        assert (settled.decided_by == staff) == is_decided
        told = Event.objects.filter(order=order, kind__in=[EventKind.DECISION, EventKind.VERDICT])
        assert told.count() == 1
    assert prove().findings == []


def test_of_two_resolvers_at_once_one_counts() -> None:
    service = make_service()
    for number in range(ROUNDS):
        order = make_unclear(service)
        attempt = only_attempt(order)
        place = partial(conclude_placed, attempt_id=attempt.pk, evidence=Evidence(), now=NOW)

        results = together(
            partial(place, upstream_id=f"{number}1"),
            partial(place, upstream_id=f"{number}2"),
            partial(conclude_not_placed, attempt_id=attempt.pk, evidence=Evidence(), now=NOW),
        )

        assert results.count(True) == 1
        assert Event.objects.filter(order=order, kind=EventKind.VERDICT).count() == 1


def test_control_without_locks_an_order_is_found_placed_and_not_placed() -> None:
    order = make_unclear(make_service())
    attempt = only_attempt(order)

    def conclude(number: int) -> bool:
        if number:
            return conclude_not_placed(attempt_id=attempt.pk, evidence=Evidence(), now=NOW)
        return conclude_placed(attempt_id=attempt.pk, upstream_id="7", evidence=Evidence(), now=NOW)

    settled = at_once_without(conclude, times=2, off=[ROW_LOCK, SENDER_LOCK], nth=2)

    assert settled == [True, True]
