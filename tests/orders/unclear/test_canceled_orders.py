"""Canceled orders cost nothing, so no charge tells them apart; what remains of them does, where a
provider is known.
"""

import pytest
from pytest_django import Settings

from catalog.provider_client import open_client
from catalog.upstream import Status as Word
from orders.models import Order, Status
from orders.unclear.match import fits
from orders.unclear.provider_traits import learn_remains
from orders.unclear.sweep import resolve_due
from tests.double.handle import ProviderDouble
from tests.orders.unclear.lost_orders import NOT_PLACED, PLACED, UNDECIDED, Lane, verdict
from tests.orders.unclear.test_match import stray, suspect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fast(settings: Settings) -> None:
    settings.PROBE_EVERY = 0.001
    settings.RESOLVE_EVERY = 0.001
    settings.PROVIDER_TIMEOUT = 2


@pytest.fixture
def lane(double: ProviderDouble) -> Lane:
    return Lane(double, orders=4)


def end_canceled(lane: Lane, orders: list[Order], *, remains: int | None = None) -> None:
    """Orders that were canceled there long ago; all of each remains, or as many as are named."""
    for order in orders:
        left = order.billed_quantity if remains is None else remains
        lane.double.set_order(str(order.upstream_id), status="Canceled", remains=left)
        Order.objects.filter(pk=order.pk).update(
            status=Status.CANCELED,
            ended_at=order.created_at,
            upstream_charge=0,
            refunded=order.charge,
        )


def lose_two(lane: Lane) -> tuple[Order, Order]:
    """One that was never placed, and one that was and is canceled there."""
    never, canceled = lane.lose("nocommit_reset"), lane.lose("commit_reset")
    lane.double.set_order(
        lane.double.placed()[-1].order, status="Canceled", remains=canceled.billed_quantity
    )
    lane.go_on()
    return never, canceled


def test_canceled_order_that_may_be_one_of_two_is_told_apart_by_what_remains(lane: Lane) -> None:
    end_canceled(lane, lane.accepted[:3])
    never, canceled = lose_two(lane)

    assert resolve_due() == "1 not placed, 1 placed"

    assert (verdict(never), verdict(canceled)) == (NOT_PLACED, PLACED)
    assert lane.account.remains_exact is True


@pytest.mark.parametrize(("count", "remains", "known"), [(2, None, None), (3, 0, False)])
def test_it_stays_with_staff_where_that_is_not_known_of_the_provider(
    lane: Lane, count: int, remains: int | None, known: bool | None
) -> None:
    end_canceled(lane, lane.accepted[:count], remains=remains)
    never, canceled = lose_two(lane)

    resolve_due()

    assert (verdict(never), verdict(canceled)) == (UNDECIDED, UNDECIDED)
    assert lane.account.remains_exact is known


def test_what_is_known_is_not_asked_again(lane: Lane) -> None:
    end_canceled(lane, lane.accepted[:3])
    account = lane.account
    with open_client(lane.provider) as client:
        learn_remains(account=account, client=client)
        asked = len(lane.double.journal().asked("status"))
        learn_remains(account=account, client=client)

    assert len(lane.double.journal().asked("status")) == asked
    assert lane.account.remains_exact is True


@pytest.mark.parametrize(
    ("remains", "is_candidate"), [(1000, True), (999, False), (0, False), (-1, False), (None, True)]
)
def test_canceled_order_fits_who_bought_what_remains(
    remains: int | None, is_candidate: bool
) -> None:
    found = stray(10, "0", status=Word.CANCELED, remains=remains)

    assert fits(found, suspect(1, quantity=1000), is_remains_exact=True) == is_candidate
    assert fits(found, suspect(1, quantity=1000))
