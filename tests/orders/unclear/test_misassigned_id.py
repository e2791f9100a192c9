"""A provider that names a lost order's id for a later one does not have the lost one placed a
second time.
"""

import pytest
from pytest_django import Settings

from orders.forwarding.sweep import submit_due
from orders.models import Attempt, AttemptState, Order, Review, ReviewKind, Status
from orders.tracking.sweep import track_due
from orders.unclear import apply_verdict
from orders.unclear.misassigned_id import find_order_given_this_id
from orders.unclear.sweep import resolve_due
from tests.connected_provider import make_due
from tests.double.handle import ProviderDouble
from tests.factories import make_order
from tests.orders.attempts import leave_attempt
from tests.orders.unclear.lost_orders import NOT_PLACED, UNDECIDED, Lane, verdict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lane(double: ProviderDouble, settings: Settings) -> Lane:
    settings.PROBE_EVERY = settings.RESOLVE_EVERY = 0.0001
    return Lane(double)


def usurp(lane: Lane) -> tuple[Order, Order]:
    """An order that was placed and whose answer was lost, and the one that the provider named
    by its id.
    """
    lost = lane.lose("commit_reset", quantity=3000)
    lane.double.fault("add", "nocommit_duplicate_id", times=1)
    usurper = lane.order(quantity=500)
    submit_due()
    usurper.refresh_from_db()
    assert (usurper.status, usurper.upstream_id) == (
        Status.RUNNING,
        str(lane.double.placed()[-1].order),
    )
    make_due()
    track_due()
    lane.go_on()
    return lost, usurper


def test_lost_order_whose_id_another_was_given_is_left_to_staff(lane: Lane) -> None:
    lost, usurper = usurp(lane)

    for _ in range(2):
        resolve_due()

    review = Review.objects.open().of_kind(ReviewKind.DUPLICATE_ID).get()
    assert verdict(lost) == UNDECIDED
    assert (review.order, review.kind) == (lost, ReviewKind.DUPLICATE_ID)
    assert f"returned for our order {usurper.pk}" in review.text
    assert Attempt.objects.get(order=lost).evidence.next_step == review.text


def test_control_without_the_look_it_would_be_sent_again(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, _ = usurp(lane)
    monkeypatch.setattr(apply_verdict, "find_order_given_this_id", lambda _: None)

    resolve_due()

    assert verdict(lost) == NOT_PLACED  # though it was placed


def test_honest_orders_beside_a_lost_one_need_no_review(lane: Lane) -> None:
    lost = lane.lose("nocommit_reset", quantity=3000)
    for quantity in (500, 700, 900):
        lane.accept(quantity=quantity)
    make_due()
    track_due()
    lane.go_on()

    resolve_due()

    assert verdict(lost) == NOT_PLACED
    assert not Review.objects.exists()


def test_attempt_that_was_never_sent_has_no_id_that_another_was_given(
    double: ProviderDouble,
) -> None:
    never_sent = leave_attempt(make_order(status=Status.SUBMITTING), AttemptState.PREPARED)
    later = make_order(service=never_sent.order.service, status=Status.RUNNING)
    Order.objects.filter(pk=later.pk).update(upstream_charge=never_sent.cost)
    accepted = leave_attempt(later, AttemptState.ACCEPTED)
    Attempt.objects.filter(pk=accepted.pk).update(cost=never_sent.cost + 1)

    assert find_order_given_this_id(never_sent) is None
