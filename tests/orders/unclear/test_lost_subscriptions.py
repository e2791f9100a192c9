"""Subscriptions beside the resolver: lost ones stay with staff, running ones prove and alarm
nothing wrongly.
"""

import time
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Service
from orders.forwarding.sweep import submit_due
from orders.models import Attempt, Investigation, Order, Status
from orders.placing.place_order import place_order
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.factories import make_service, make_user
from tests.orders.subscriptions import ASKED, PRICE, RATE, look
from tests.orders.unclear.lost_orders import NOT_PLACED, PLACED, UNDECIDED, Lane, unmet, verdict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lane(double: ProviderDouble, settings: Settings) -> Lane:
    settings.PROBE_EVERY = 0
    return Lane(double)


def sell_posts(lane: Lane, *, rate: Decimal = RATE) -> Service:
    """Subscriptions of the lane's provider beside what it sells."""
    row = {"service": 999, "type": "Subscriptions", "rate": str(rate), "min": 2, "max": 1000}
    lane.double.control("POST", "services", put=[row])
    service = make_service(
        provider=lane.provider, type="Subscriptions", cost=rate, price=PRICE + rate, min_quantity=2
    )
    service.upstream_id = "999"
    service.save()
    return service


def subscribe(lane: Lane, service: Service, *, fault: str = "") -> Order:
    """A subscription that is forwarded, or lost on its way."""
    if fault:
        lane.double.fault("add", fault, times=1)
    order = place_order(
        customer=make_user(balance="50"), service=service, values=ASKED, now=timezone.now()
    )
    submit_due()
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("fault", ["commit_reset", "nocommit_reset"])
def test_a_lost_subscription_stays_with_staff_and_says_why(lane: Lane, fault: str) -> None:
    lost = subscribe(lane, sell_posts(lane), fault=fault)
    lane.go_on()

    resolve_due()

    assert verdict(lost) == UNDECIDED
    assert "Charged at once" in unmet(lost)


def test_a_lost_subscription_is_never_taken_for_a_lost_order(lane: Lane) -> None:
    lost = subscribe(lane, sell_posts(lane), fault="commit_reset")
    never = lane.lose("nocommit_reset")
    lane.go_on()

    resolve_due()

    assert (verdict(lost), verdict(never)) == (UNDECIDED, UNDECIDED)
    assert not Order.objects.filter(upstream_id=str(lane.double.placed()[-2].order)).exists()


def test_posts_of_a_running_subscription_are_in_the_balance(lane: Lane) -> None:
    running = subscribe(lane, sell_posts(lane))
    lane.double.serve_posts(running.upstream_id or "", count=2)
    look(running)
    placed, never = lane.lose("commit_reset"), lane.lose("nocommit_reset")
    lane.double.serve_posts(running.upstream_id or "", count=7)  # nobody has looked since
    lane.go_on()

    resolve_due()

    assert (verdict(placed), verdict(never)) == (PLACED, NOT_PLACED)
    assert lane.account.verdicts_paused_at is None


def test_a_post_that_is_billed_while_the_account_is_read_delays_and_alarms_nobody(
    lane: Lane,
) -> None:
    running = subscribe(lane, sell_posts(lane))
    never = lane.lose("nocommit_reset")
    lane.go_on()
    lane.double.set_balance(lane.double.balance() - RATE)  # billed, and not in any charge yet
    for _ in range(3):
        Investigation.objects.update(next_look_at=None)
        resolve_due()
    seen = verdict(never), lane.account.verdicts_paused_at
    lane.double.set_balance(lane.double.balance() + RATE)
    Investigation.objects.update(next_look_at=None)

    resolve_due()

    assert seen == (UNDECIDED, None)
    assert verdict(never) == NOT_PLACED
    assert running.status == Status.RUNNING


def test_an_order_that_costs_as_much_as_a_post_is_not_settled_by_money(lane: Lane) -> None:
    never = lane.lose("nocommit_reset")
    subscribe(lane, sell_posts(lane, rate=Attempt.objects.latest("pk").cost))
    lane.go_on()

    resolve_due()

    assert verdict(never) == UNDECIDED
    assert unmet(never) == ["Balance matches"]


def test_a_canceled_subscription_that_kept_its_posts_is_no_charge_that_is_not_net(
    lane: Lane, settings: Settings
) -> None:
    settings.REFUND_CONFIRM = 0.02
    running = subscribe(lane, sell_posts(lane))
    lane.double.serve_posts(running.upstream_id or "")
    lane.double.set_order(running.upstream_id or "", status="Canceled", charge=str(RATE))
    for _ in range(2):
        look(running)
        time.sleep(0.03)
    never = lane.lose("nocommit_reset")
    lane.go_on()

    resolve_due()

    assert (running.status, running.charge) == (Status.CANCELED, PRICE + RATE)
    assert lane.account.charge_is_net is not False
    assert verdict(never) == NOT_PLACED
