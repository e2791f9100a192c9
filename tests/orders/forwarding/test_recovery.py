"""Paused providers are asked for their balance, never with a customer's order, and what waited for
it goes on.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Provider, Service
from orders.forwarding.record_outcome import MAX_TRIES
from orders.forwarding.recovery import check_providers
from orders.forwarding.sweep import submit_due
from orders.models import HoldReason, Order, Status
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_provider
from tests.orders.attempts import kinds_of, make_due, make_lane

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(double: ProviderDouble, settings: Settings) -> Iterator[Service]:
    settings.PROVIDER_TIMEOUT = 1.5
    yield make_lane(double)
    double.accept_connections()


def pause(**fields: object) -> None:
    usual = {
        "paused_at": NOW,
        "pause_reason": "5 orders in a row",
        "is_pause_automatic": True,
        "failures_in_row": 5,
    }
    Provider.objects.update(**usual | fields)


def test_automatic_pause_is_lifted_when_the_balance_answers(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service)
    pause()

    note = check_providers()

    provider = Provider.objects.get()
    assert note == "1 asked, 1 resumed"
    assert (provider.is_paused, provider.pause_reason, provider.failures_in_row) == (False, "", 0)
    assert provider.balance == double.balance()
    assert provider.balance_checked_at is not None
    assert submit_due() == "1 accepted"


def test_pause_stays_while_the_provider_is_silent(double: ProviderDouble, service: Service) -> None:
    make_due(service)
    pause()
    double.refuse_connections(60)

    assert check_providers() == "1 provider silent"

    assert Provider.objects.get().is_paused
    assert submit_due() == "nothing due"


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("mode", ["html200", "http503", "hang", "wrong_type", "bad_key"])
def test_pause_stays_while_the_balance_is_no_balance(double: ProviderDouble, mode: str) -> None:
    pause()
    double.fault("balance", mode)

    assert check_providers() == "1 provider silent"

    assert Provider.objects.get().is_paused
    assert [asked.action for asked in double.journal().requests] == ["balance"]


def test_a_provider_whose_key_cannot_be_read_keeps_nobody_else_waiting(service: Service) -> None:
    make_provider()

    assert check_providers() == "1 asked, 1 provider silent"
    assert service.provider.balance_checked_at is None
    service.provider.refresh_from_db()
    assert service.provider.balance_checked_at is not None


@pytest.mark.usefixtures("service")
def test_pause_that_a_person_set_stays() -> None:
    pause(is_pause_automatic=False, pause_reason="by hand")

    check_providers()

    assert Provider.objects.get().pause_reason == "by hand"


def test_orders_held_for_funds_go_on_oldest_first_as_far_as_the_balance_reaches(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service, count=3)
    double.set_balance(0)
    submit_due()
    Order.objects.filter(status=Status.WAITING).update(
        status=Status.HELD, hold_reason=HoldReason.PROVIDER_FUNDS, submit_at=None
    )
    first, second, third = Order.objects.order_by("pk")
    double.set_balance(service.rate * Decimal("2.5"))

    note = check_providers()

    for order in (first, second, third):
        order.refresh_from_db()
    assert note == "1 asked, 2 released, 1 resumed"
    assert [first.status, second.status, third.status] == [
        Status.WAITING,
        Status.WAITING,
        Status.HELD,
    ]
    assert first.hold_reason == ""
    assert kinds_of(first)[-1] == "released"
    assert submit_due() == "2 accepted"


def test_nothing_is_released_or_resumed_while_our_account_is_empty(
    double: ProviderDouble, service: Service
) -> None:
    make_due(service, count=2)
    double.set_balance(0)
    submit_due()

    assert check_providers() == "1 asked"

    assert Provider.objects.get().is_paused
    assert not Order.objects.filter(status=Status.RUNNING).exists()
    assert not Order.objects.filter(refunded__gt=0).exists()


def test_small_orders_go_on_when_the_balance_is_too_low_for_a_held_one(
    double: ProviderDouble, service: Service
) -> None:
    [dear] = make_due(service, quantity=10_000)
    double.set_balance(service.rate)
    submit_due()
    [small] = make_due(service, quantity=100)

    assert check_providers() == "1 asked, 1 resumed"
    assert submit_due() == "1 accepted"

    dear.refresh_from_db()
    small.refresh_from_db()
    assert (dear.status, small.status) == (Status.HELD, Status.RUNNING)


def test_orders_held_for_the_key_go_on_when_the_key_works(
    double: ProviderDouble, service: Service
) -> None:
    [order] = make_due(service)
    double.fault("add", "bad_key", times=1)
    submit_due()
    order.refresh_from_db()
    assert order.hold_reason == HoldReason.PROVIDER_KEY

    assert check_providers() == "1 asked, 1 released, 1 resumed"

    assert submit_due() == "1 accepted"


@pytest.mark.parametrize("reason", [HoldReason.LOSS, HoldReason.STAFF])
def test_orders_held_for_other_reasons_stay_held(service: Service, reason: HoldReason) -> None:
    [order] = make_due(service)
    Order.objects.update(status=Status.HELD, hold_reason=reason, submit_at=None)

    check_providers()

    order.refresh_from_db()
    assert (order.status, order.hold_reason) == (Status.HELD, reason)


def test_healthy_provider_is_asked_every_ten_minutes(service: Service) -> None:
    notes = [check_providers(), check_providers()]
    Provider.objects.update(balance_checked_at=timezone.now() - timedelta(minutes=11))
    notes.append(check_providers())

    assert notes == ["1 asked", "nothing to ask", "1 asked"]
    assert service.provider.paused_at is None


def orders_sent(double: ProviderDouble) -> int:
    return sum(asked.action == "add" for asked in double.journal().requests)


def run_for(minutes: int, double: ProviderDouble, *, step: int = 1) -> int:
    """How often `add` is called in so many minutes, with sweeps and checks every `step`."""
    before, passed = orders_sent(double), timedelta(minutes=step)
    for _ in range(minutes // step):
        check_providers()
        submit_due()
        # time passes: all moments move into the past
        Order.objects.update(submit_at=F("submit_at") - passed)
        Provider.objects.update(
            resume_at=F("resume_at") - passed, balance_checked_at=F("balance_checked_at") - passed
        )
    return orders_sent(double) - before


@pytest.mark.parametrize("mode", ["no_funds", "bad_key"])
def test_order_that_is_refused_again_and_again_rests_longer_and_is_left_to_staff(
    double: ProviderDouble, service: Service, mode: str
) -> None:
    orders = make_due(service, count=3)
    double.fault("add", mode)

    first, second = run_for(15, double), run_for(15, double)
    run_for(1200, double, step=20)

    assert first <= 8
    assert second <= 3
    assert orders[0].attempts.refused().count() == MAX_TRIES
    orders[0].refresh_from_db()
    assert (orders[0].status, orders[0].hold_reason) == (Status.HELD, HoldReason.STAFF)
    assert orders[0].refunded == 0


def test_balance_that_rises_ends_the_rest_at_once(double: ProviderDouble, service: Service) -> None:
    make_due(service, count=3)
    double.fault("add", "no_funds")
    run_for(15, double)
    double.clear_faults()
    double.set_balance(double.balance() + 100)

    check_providers()

    assert Order.objects.held().count() == 0


def test_accepted_order_lets_all_others_go_on(double: ProviderDouble, service: Service) -> None:
    make_due(service, count=5)
    double.fault("add", "no_funds", times=2)

    run_for(15, double)

    assert Order.objects.running().count() == 5
    assert Provider.objects.get().resumes_in_row == 0
