"""Staff took an order for not placed, and were wrong: it is held before it is sent twice, and
attached.
"""

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from catalog.upstream import Accepted, Exchange
from orders.audit.prove_all import prove
from orders.forwarding.record_outcome import record_outcome
from orders.forwarding.sweep import submit_due
from orders.models import AttemptState, HoldReason, Order, Review, Status
from orders.unclear.decide import AlreadyDecided, attach, resend
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user
from tests.orders.attempts import make_due, make_lane, make_unclear, only_attempt
from tests.orders.unclear.lost_orders import NOT_PLACED, Lane, verdict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(settings: Settings) -> None:
    settings.PROBE_EVERY = 0.001
    settings.RESOLVE_EVERY = 0.001
    settings.PROVIDER_TIMEOUT = 2


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


def test_order_found_after_all_is_held_before_it_is_sent_twice_and_told_of_once(
    double: ProviderDouble, staff: User
) -> None:
    lane = Lane(double)
    order, other = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    lane.go_on()
    resend(order=order, actor=staff, reason="a guess", now=timezone.now())

    resolve_due()

    order.refresh_from_db()
    assert (order.status, order.hold_reason) == (Status.HELD, HoldReason.STAFF)
    Review.objects.filter(order=order).update(closed_at=timezone.now())
    resolve_due()
    assert Review.objects.filter(order=order).count() == 1
    assert verdict(other) == NOT_PLACED


def test_order_that_was_accepted_after_a_resend_is_attached_and_runs(
    double: ProviderDouble, staff: User
) -> None:
    double.fault("add", "commit_reset", times=1)
    [order] = make_due(make_lane(double))
    submit_due()
    order.refresh_from_db()
    upstream_id = str(double.placed()[-1].order)
    resend(order=order, actor=staff, reason="too early", now=NOW)
    record_outcome(
        attempt_id=only_attempt(order).pk, outcome=Accepted(upstream_id, Exchange()), now=NOW
    )

    attach(
        order=order,
        upstream_id=upstream_id,
        actor=staff,
        reason="it came after all",
        now=timezone.now(),
    )

    order.refresh_from_db()
    assert (order.status, order.hold_reason, order.upstream_id) == (Status.RUNNING, "", upstream_id)
    assert (only_attempt(order).state, len(double.placed())) == (AttemptState.PLACED, 1)
    assert prove().findings == []


@pytest.mark.parametrize("reason", [HoldReason.PROVIDER_FUNDS, HoldReason.LOSS])
def test_order_that_nothing_speaks_for_is_not_attached(
    double: ProviderDouble, staff: User, reason: HoldReason
) -> None:
    service = make_lane(double)
    order = make_unclear(service)
    resend(order=order, actor=staff, reason="not there", now=NOW)
    Order.objects.filter(pk=order.pk).update(status=Status.HELD, hold_reason=reason, submit_at=None)
    double.fault("add", "commit_reset", times=1)
    make_due(service)
    submit_due()
    order.refresh_from_db()

    with pytest.raises(AlreadyDecided):
        attach(
            order=order,
            upstream_id=str(double.placed()[-1].order),
            actor=staff,
            reason="a guess",
            now=NOW,
        )

    order.refresh_from_db()
    assert (order.status, order.upstream_id) == (Status.HELD, None)
