"""Whether the last balance at a provider fits our own records; no provider is asked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Role
from catalog.models import Provider, Service
from orders.audit.balance_bounds import balance_bounds
from orders.audit.concerns import look
from orders.models import (
    Attempt,
    AttemptState,
    Baseline,
    Order,
    ProviderAccount,
    Status,
    TopUp,
    Watch,
)
from tests.factories import make_order, make_service, make_user
from tests.orders.attempts import leave_attempt

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def service() -> Service:
    """A provider whose baseline is 100.00, a day old; its balance was read five minutes ago."""
    service = make_service(cost="0.90")
    Baseline.objects.create(
        provider=service.provider,
        read_at=timezone.now() - 24 * HOUR,
        balance=Decimal(100),
        charges=Decimal(0),
    )
    return service


def hold(service: Service, balance: str) -> Decimal | None:
    """The gap where the account holds this; None where nothing can be said."""
    read_at = timezone.now() - timedelta(minutes=5)
    Provider.objects.update(balance=Decimal(balance), balance_checked_at=read_at)
    reckoning = balance_bounds(provider=Provider.objects.get(pk=service.provider_id))
    return None if reckoning is None else reckoning.gap


def sent(service: Service, status: Status, *, ago: timedelta, charge: str | None) -> Order:
    """An order sent so long ago that costs 0.90 there, followed since."""
    order = make_order(service=service, status=status, now=timezone.now() - ago)
    Order.objects.filter(pk=order.pk).update(upstream_charge=charge)
    leave_attempt(order, AttemptState.ACCEPTED)
    Attempt.objects.filter(order=order).update(cost=Decimal("0.90"))
    Watch.objects.filter(order=order).update(observed_at=timezone.now())
    return order


def test_balance_that_fits_to_the_cent_has_no_gap(service: Service) -> None:
    sent(service, Status.RUNNING, ago=3 * HOUR, charge="0.90")
    sent(service, Status.COMPLETED, ago=5 * HOUR, charge="0.90")

    assert hold(service, "98.20") == 0


def test_money_that_no_order_of_ours_cost_is_missed(service: Service) -> None:
    sent(service, Status.RUNNING, ago=3 * HOUR, charge="0.90")

    assert hold(service, "79.10") == Decimal("20.00")
    [concern] = look(now=timezone.now())
    assert concern.key == f"account:{service.provider_id}"
    assert "our balance was 20.00 USD lower than our orders explain" in concern.text


def test_money_that_nobody_entered_is_seen_until_it_is_entered(service: Service) -> None:
    before = hold(service, "150")
    TopUp.objects.create(
        provider=service.provider,
        amount=50,
        entered_by=make_user(role=Role.STAFF),
        entered_at=timezone.now() - timedelta(minutes=1),
    )

    assert (before, hold(service, "150")) == (Decimal(-50), Decimal(0))


def test_top_up_may_be_entered_before_it_arrives(service: Service) -> None:
    TopUp.objects.create(
        provider=service.provider,
        amount=50,
        entered_by=make_user(role=Role.STAFF),
        entered_at=timezone.now(),
    )

    assert (hold(service, "100"), hold(service, "150")) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize("balance", ["100", "99.10"])
def test_order_of_unknown_charge_may_have_been_charged_or_not(
    service: Service, balance: str
) -> None:
    sent(service, Status.RUNNING, ago=timedelta(minutes=5), charge=None)

    assert hold(service, balance) == 0


@pytest.mark.parametrize("state", [AttemptState.SENT, AttemptState.UNKNOWN])
def test_order_that_was_perhaps_placed_may_have_been_charged(
    service: Service, state: AttemptState
) -> None:
    order = make_order(service=service, status=Status.UNCLEAR, now=timezone.now() - HOUR)
    leave_attempt(order, state)

    assert (hold(service, "99.10"), hold(service, "100")) == (Decimal(0), Decimal(0))
    assert hold(service, "90") == Decimal("8.20")  # more than twice its cost


def test_order_sent_after_the_balance_was_read_is_not_in_it(service: Service) -> None:
    sent(service, Status.RUNNING, ago=timedelta(minutes=1), charge="0.90")

    assert hold(service, "99.10") == Decimal("0.90")
    assert hold(service, "100") == 0


def test_nothing_is_said_without_books_or_of_inexact_balances(service: Service) -> None:
    account = ProviderAccount.objects.filter(provider=service.provider)
    account.update_or_create(provider=service.provider, defaults={"balance_exact": False})
    inexact = hold(service, "1")
    account.update(balance_exact=None)
    Baseline.objects.all().delete()

    assert (inexact, hold(service, "1")) == (None, None)


def test_subscription_may_have_been_charged_up_to_its_later_charge_or_anything_while_unknown(
    service: Service,
) -> None:
    order = sent(service, Status.RUNNING, ago=3 * HOUR, charge="2.70")
    Order.objects.filter(pk=order.pk).update(posts=3, billed_quantity=3)

    seen_later = [hold(service, "100"), hold(service, "97.30"), hold(service, "96.40")]
    Watch.objects.update(observed_at=timezone.now() - HOUR)

    assert seen_later == [Decimal(0), Decimal(0), Decimal("0.90")]
    assert hold(service, "50") == 0
