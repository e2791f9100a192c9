"""Staff decide about orders that were perhaps placed or are held: once, with a reason, and never
against the facts.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Role, User
from billing.models import Account
from catalog.models import Service
from catalog.upstream import Accepted, Exchange
from orders.audit.prove_all import prove
from orders.forwarding.record_outcome import record_outcome
from orders.forwarding.sweep import submit_due
from orders.models import (
    AttemptState,
    Event,
    EventKind,
    HoldReason,
    Order,
    Review,
    ReviewKind,
    Status,
)
from orders.unclear.decide import (
    AlreadyDecided,
    AlreadyOurs,
    NoReason,
    NotConfirmed,
    StillSending,
    attach,
    refund,
    resend,
)
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_user
from tests.orders.attempts import (
    kinds_of,
    living_sender,
    make_due,
    make_lane,
    make_unclear,
    only_attempt,
)

pytestmark = pytest.mark.django_db(transaction=True)

BY_REASON: list[Callable[..., Order]] = [resend, refund]


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return make_lane(double)


def place_behind_our_back(double: ProviderDouble, order: Order) -> str:
    """The provider did place the order, as its answer would have said."""
    double.fault("add", "commit_reset", times=1)
    Order.objects.filter(pk=order.pk).update(status=Status.WAITING, submit_at=NOW)
    submit_due()
    order.refresh_from_db()
    return str(double.placed()[-1].order)


def hold(order: Order, reason: HoldReason) -> Order:
    Order.objects.filter(pk=order.pk).update(status=Status.HELD, hold_reason=reason, submit_at=None)
    order.refresh_from_db()
    return order


def test_attached_order_runs_and_is_watched(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    [order] = make_due(service)
    upstream_id = place_behind_our_back(double, order)

    attach(
        order=order,
        upstream_id=f" {upstream_id} ",
        actor=staff,
        reason="same link",
        now=timezone.now(),
    )

    order.refresh_from_db()
    attempt = only_attempt(order)
    assert (order.status, order.upstream_id) == (Status.RUNNING, upstream_id)
    assert (attempt.state, attempt.upstream_id, attempt.decided_by) == (
        AttemptState.PLACED,
        upstream_id,
        staff,
    )
    assert attempt.evidence.status["word"] == "Pending"
    assert order.watch.provider == service.provider
    assert kinds_of(order)[-2:] == ["decision", "accepted"]
    assert Event.objects.get(order=order, kind="decision").actor == staff


def test_id_that_the_provider_does_not_know_as_ours_is_not_attached(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = make_unclear(service)
    [foreign] = double.foreign_order()

    for upstream_id in (str(foreign.order), "999999999"):
        with pytest.raises(NotConfirmed, match="does not recognise order"):
            attach(order=order, upstream_id=upstream_id, actor=staff, reason="a guess", now=NOW)

    order.refresh_from_db()
    assert (order.status, only_attempt(order).state) == (Status.UNCLEAR, AttemptState.UNKNOWN)


def test_nothing_is_attached_while_the_provider_is_silent(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = make_unclear(service)
    double.refuse_connections(60)

    with pytest.raises(NotConfirmed, match="could not be asked"):
        attach(order=order, upstream_id="1", actor=staff, reason="a guess", now=NOW)

    double.accept_connections()
    order.refresh_from_db()
    assert order.status == Status.UNCLEAR


@pytest.mark.parametrize("upstream_id", ["", "  ", "1,2", "9" * 65])
def test_id_that_is_none_is_refused(service: Service, staff: User, upstream_id: str) -> None:
    with pytest.raises(NotConfirmed, match="Enter the provider's order id"):
        attach(
            order=make_unclear(service),
            upstream_id=upstream_id,
            actor=staff,
            reason="typo",
            now=NOW,
        )


def test_id_of_another_order_of_ours_is_not_attached(service: Service, staff: User) -> None:
    [first] = make_due(service)
    submit_due()
    first.refresh_from_db()
    order = make_unclear(service)

    with pytest.raises(AlreadyOurs):
        attach(
            order=order, upstream_id=str(first.upstream_id), actor=staff, reason="a guess", now=NOW
        )

    order.refresh_from_db()
    assert (order.status, order.upstream_id) == (Status.UNCLEAR, None)
    assert only_attempt(order).state == AttemptState.UNKNOWN
    assert kinds_of(order) == []


def test_resent_order_is_placed_by_the_next_sweep(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = make_unclear(service)

    resend(order=order, actor=staff, reason="not in their list", now=NOW)
    note = submit_due()

    order.refresh_from_db()
    states = list(order.attempts.order_by("pk").values_list("state", flat=True))
    assert note == "1 accepted"
    assert (order.status, states) == (
        Status.RUNNING,
        [AttemptState.NOT_PLACED, AttemptState.ACCEPTED],
    )
    assert len(double.placed()) == 1


def test_refunded_order_is_canceled_with_its_whole_charge_given_back(
    double: ProviderDouble, service: Service, staff: User
) -> None:
    order = make_unclear(service)

    refund(order=order, actor=staff, reason="not in their list", now=NOW)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.CANCELED, order.charge)
    assert Account.objects.get(owner=order.user).balance == order.charge
    assert only_attempt(order).state == AttemptState.NOT_PLACED
    assert kinds_of(order) == ["decision", "refunded", "ended"]
    assert submit_due() == "nothing due"
    assert double.placed() == ()
    assert prove().findings == []


@pytest.mark.parametrize("decide", BY_REASON)
def test_held_order_can_be_sent_or_refunded(
    service: Service, staff: User, decide: Callable[..., Order]
) -> None:
    order = hold(make_order(service=service), HoldReason.PROVIDER_FUNDS)

    decide(order=order, actor=staff, reason="decided", now=NOW)

    order.refresh_from_db()
    assert order.status == (Status.WAITING if decide is resend else Status.CANCELED)
    assert order.hold_reason == ""


def test_loss_that_staff_accept_is_not_held_again_until_the_cost_rises_further(
    service: Service, staff: User
) -> None:
    [order, other] = make_due(service, count=2)
    Service.objects.update(cost=Decimal(1001))
    submit_due()
    order.refresh_from_db()
    other.refresh_from_db()
    assert (order.hold_reason, other.hold_reason) == (HoldReason.LOSS, HoldReason.LOSS)

    resend(order=order, actor=staff, reason="a promise", now=NOW)
    assert submit_due() == "1 accepted"
    resend(order=other, actor=staff, reason="a promise", now=NOW)
    Service.objects.update(cost=Decimal(1002))
    assert submit_due() == "nothing due"

    order.refresh_from_db()
    other.refresh_from_db()
    assert (order.status, order.cost) == (Status.RUNNING, Decimal(1001))
    assert (other.status, other.hold_reason) == (Status.HELD, HoldReason.LOSS)


def test_held_order_cannot_be_attached(service: Service, staff: User) -> None:
    order = hold(make_order(service=service), HoldReason.LOSS)

    with pytest.raises(AlreadyDecided):
        attach(order=order, upstream_id="1", actor=staff, reason="a guess", now=NOW)


@pytest.mark.parametrize("reason", ["", "   "])
@pytest.mark.parametrize("decide", BY_REASON)
def test_decision_without_a_reason_is_refused(
    service: Service, staff: User, decide: Callable[..., Order], reason: str
) -> None:
    order = make_unclear(service)

    with pytest.raises(NoReason):
        decide(order=order, actor=staff, reason=reason, now=NOW)

    order.refresh_from_db()
    assert (order.status, kinds_of(order)) == (Status.UNCLEAR, [])


@pytest.mark.parametrize("first", BY_REASON)
@pytest.mark.parametrize("second", BY_REASON)
def test_second_decision_sees_that_it_is_decided(
    service: Service, staff: User, first: Callable[..., Order], second: Callable[..., Order]
) -> None:
    order = make_unclear(service)
    first(order=order, actor=staff, reason="first", now=NOW)

    with pytest.raises(AlreadyDecided, match="nothing to decide"):
        # as a page that was open all the time would
        second(order=order, actor=staff, reason="second", now=NOW)

    assert Event.objects.filter(order=order, kind=EventKind.DECISION).count() == 1


@pytest.mark.parametrize("status", [Status.WAITING, Status.RUNNING, Status.COMPLETED])
def test_only_unclear_and_held_orders_are_decided(
    service: Service, staff: User, status: Status
) -> None:
    order = make_order(service=service, status=status)

    for decide in BY_REASON:
        with pytest.raises(AlreadyDecided):
            decide(order=order, actor=staff, reason="no", now=NOW)


@pytest.mark.parametrize("decide", BY_REASON)
def test_nothing_is_decided_while_the_sender_lives(
    service: Service, staff: User, decide: Callable[..., Order]
) -> None:
    order = make_unclear(service)

    with living_sender(only_attempt(order).pk), pytest.raises(StillSending):
        decide(order=order, actor=staff, reason="impatient", now=NOW)
    decide(order=order, actor=staff, reason="patient", now=NOW)

    order.refresh_from_db()
    assert order.status != Status.UNCLEAR


def test_decision_closes_the_review_of_a_doubled_id(service: Service, staff: User) -> None:
    order = make_unclear(service)
    order.open_review(kind=ReviewKind.DUPLICATE_ID, text="twice", now=NOW)

    resend(order=order, actor=staff, reason="theirs was a slip", now=NOW + timedelta(hours=1))

    review = Review.objects.get()
    assert (review.closed_by, review.closed_at) == (staff, NOW + timedelta(hours=1))


@pytest.mark.parametrize("reason", ["", HoldReason.PROVIDER_FUNDS, HoldReason.LOSS])
def test_acceptance_that_arrives_after_a_resend_stops_the_second_sending(
    double: ProviderDouble, service: Service, staff: User, reason: str
) -> None:
    order = make_unclear(service)
    attempt = only_attempt(order)
    resend(order=order, actor=staff, reason="too early", now=NOW)
    if reason:  # and which would be released once that is over
        Order.objects.update(status=Status.HELD, hold_reason=reason, submit_at=None)

    word = record_outcome(attempt_id=attempt.pk, outcome=Accepted("777", Exchange()), now=NOW)

    order.refresh_from_db()
    assert word == "contradicting"
    assert (order.status, order.hold_reason) == (Status.HELD, HoldReason.STAFF)
    assert Review.objects.get().kind == ReviewKind.CONTRADICTION
    assert submit_due() == "nothing due"
    assert double.placed() == ()
