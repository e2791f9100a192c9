"""Which orders are sent, and when: pauses, fences, back-offs, losses, open attempts, sick lanes
beside healthy ones.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Provider, Service
from orders.forwarding.sweep import submit_due
from orders.lifecycle.costs import upstream_cost
from orders.models import Attempt, AttemptState, HoldReason, Order, Status
from tests.double.handle import ProviderDouble
from tests.factories import make_order
from tests.orders.attempts import drain, kinds_of, leave_attempt, make_due, make_lane

pytestmark = pytest.mark.django_db(transaction=True)

POSSIBLY_PLACED = [
    AttemptState.PREPARED,
    AttemptState.SENT,
    AttemptState.UNKNOWN,
    AttemptState.ACCEPTED,
    AttemptState.PLACED,
]


@pytest.fixture(autouse=True)
def _short_calls(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT = 1.5


def test_fifth_failure_in_a_row_pauses_the_provider_and_the_fourth_does_not(
    double: ProviderDouble,
) -> None:
    fourth, fifth = make_lane(double, failures_in_row=3), make_lane(double, failures_in_row=4)
    for service in (fourth, fifth):
        make_due(service)
    double.fault("add", "nocommit_close")

    submit_due()

    assert dict(Provider.objects.values_list("pk", "is_pause_automatic")) == {
        fourth.provider_id: False,
        fifth.provider_id: True,
    }


def test_provider_that_fails_is_paused_before_all_its_orders_are_sent(
    double: ProviderDouble,
) -> None:
    make_due(make_lane(double), count=12)
    double.fault("add", "nocommit_close")

    submit_due()

    provider = Provider.objects.get()
    unclear = Order.objects.filter(status=Status.UNCLEAR).count()
    assert provider.is_pause_automatic
    assert 5 <= unclear <= 8  # the five, and what was in flight beside them
    assert Order.objects.filter(status=Status.WAITING).count() == 12 - unclear


def test_good_answer_ends_the_row_of_failures(double: ProviderDouble) -> None:
    make_due(make_lane(double, failures_in_row=4))

    submit_due()

    assert Provider.objects.get().failures_in_row == 0


def test_paused_and_fenced_providers_are_passed_over(double: ProviderDouble) -> None:
    now = timezone.now()
    make_due(make_lane(double, paused_at=now, pause_reason="by hand"))
    drained, open_again = make_lane(double), make_lane(double)
    drain(drained.provider, until=now + timedelta(minutes=1))
    drain(open_again.provider, until=now - timedelta(minutes=1))
    make_due(drained)
    [sent] = make_due(open_again)

    assert submit_due() == "1 accepted"

    assert Order.objects.get(status=Status.RUNNING) == sent


def test_oldest_due_order_goes_first(double: ProviderDouble) -> None:
    service = make_lane(double, is_probe_allowed=True)
    late, early = make_due(service, count=2)
    Order.objects.filter(pk=early.pk).update(submit_at=timezone.now() - timedelta(days=900))

    submit_due()

    assert [placed.link for placed in double.placed()] == [early.link, late.link]


def test_order_that_would_now_cost_more_than_its_charge_is_held(double: ProviderDouble) -> None:
    service = make_lane(double)
    [order] = make_due(service)
    service.cost = Decimal("1000.00001")
    service.save(update_fields=["cost"])

    assert submit_due() == "nothing due"

    order.refresh_from_db()
    assert (order.status, order.hold_reason, order.refunded) == (
        Status.HELD,
        HoldReason.LOSS,
        Decimal(0),
    )
    assert (kinds_of(order), order.attempts.count(), double.placed()) == (["held"], 0, ())


def leave_open(service: Service, *, cost: Decimal, since: timedelta) -> None:
    """An order that was perhaps placed so long ago."""
    attempt = leave_attempt(
        make_order(service=service, status=Status.UNCLEAR), AttemptState.UNKNOWN
    )
    attempt.cost = cost
    attempt.prepared_at = attempt.sent_at = timezone.now() - since
    attempt.save(update_fields=["cost", "prepared_at", "sent_at"])


def test_probed_provider_stops_at_six_open_attempts(double: ProviderDouble) -> None:
    service = make_lane(double, is_probe_allowed=True)
    for number in range(6):
        leave_open(service, cost=Decimal(1000 * 2**number), since=timedelta(minutes=1))
    [order] = make_due(service)

    assert submit_due() == "nothing due"

    order.refresh_from_db()
    assert (order.status, double.placed()) == (Status.WAITING, ())


def test_open_attempts_beyond_the_quiet_time_do_not_stop_the_lane(double: ProviderDouble) -> None:
    """They can only be settled by an order that is accepted after them."""
    service = make_lane(double, is_probe_allowed=True)
    for number in range(6):
        leave_open(service, cost=Decimal(1000 * 2**number), since=timedelta(minutes=4))
    make_due(service)

    assert submit_due() == "1 accepted"


@pytest.mark.parametrize(("age", "sent"), [(1, [1500]), (4, [1500, 1000]), (31, [1000, 1500])])
def test_probed_provider_gets_the_orders_first_that_no_open_one_could_be_mistaken_for(
    double: ProviderDouble, age: int, sent: list[int]
) -> None:
    """As long as the open one may still be placed, such orders wait; once staff have it, it
    does not count.
    """
    service = make_lane(double, is_probe_allowed=True)
    [same] = make_due(service, quantity=1000)
    leave_open(service, cost=upstream_cost(same), since=timedelta(minutes=age))
    make_due(service, quantity=1500)

    submit_due()

    assert [placed.quantity for placed in double.placed()] == sent


@pytest.mark.slow
def test_sick_lane_does_not_keep_a_healthy_one_waiting(
    double: ProviderDouble, settings: Settings
) -> None:
    settings.PROVIDER_TIMEOUT = 4  # the healthy lane needs a quarter of a second
    make_due(make_lane(double), count=4, link="https://sick.example/p")
    healthy = make_due(make_lane(double), count=10)
    double.fault("add", "nocommit_hang", where={"link": "sick.example"})

    submit_due()

    running = Order.objects.filter(status=Status.RUNNING)
    sick = Order.objects.filter(status=Status.UNCLEAR)
    assert running.count() == len(healthy)
    assert sick.count() == 4
    last_accepted = (
        Attempt.objects.filter(state=AttemptState.ACCEPTED).latest("finished_at").finished_at
    )
    first_given_up = (
        Attempt.objects.filter(state=AttemptState.UNKNOWN).earliest("finished_at").finished_at
    )
    assert last_accepted is not None
    assert first_given_up is not None
    assert last_accepted < first_given_up


@pytest.mark.django_db(transaction=True)
def test_waiting_order_that_may_be_placed_is_held_and_keeps_nobody_waiting(
    double: ProviderDouble,
) -> None:
    lane = make_lane(double)
    orders = make_due(lane, count=len(POSSIBLY_PLACED))
    placed_perhaps = dict(zip(POSSIBLY_PLACED, orders, strict=True))
    for state, order in placed_perhaps.items():
        leave_attempt(order, state)
    [other] = make_due(lane, link="https://example.com/other")

    submit_due()

    other.refresh_from_db()
    assert other.status == Status.RUNNING
    assert {
        state: Order.objects.values_list("status", "hold_reason").get(pk=order.pk)
        for state, order in placed_perhaps.items()
    } == dict.fromkeys(POSSIBLY_PLACED, (Status.HELD, HoldReason.STAFF))
    assert [placed.link for placed in double.placed()] == [other.link]
