"""Lines that were checked are placed, though money or price have changed since the check."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from orders.mass_order.check import check_lines
from orders.mass_order.lines import CheckedLine
from orders.mass_order.offer import Offer
from orders.mass_order.parse import read_lines
from orders.mass_order.place import place_lines
from orders.models import Order
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


def placed_after(
    change: Callable[[], object], *, user: User, services: list[Service]
) -> list[CheckedLine]:
    """What became of a line of each service that cost 4 when it was checked."""
    lines = read_lines(text="\n".join(f"{service.pk}|@{service.pk}|1000" for service in services))
    checked = check_lines(customer=user, lines=lines, key="one", now=NOW).ready
    assert len(checked) == len(services)
    offer = Offer(key="one", prices={service.pk: Decimal(4) for service in services})
    change()
    return place_lines(customer=user, lines=checked, offer=offer, now=NOW)


def test_money_that_is_gone_by_then_leaves_its_lines_unplaced_and_says_so(user: User) -> None:
    services = [make_service(price="4") for _ in range(2)]

    done = placed_after(
        lambda: make_order(user=user, service=make_service(price="4")), user=user, services=services
    )

    assert [str(line.verdict) for line in done] == ["Ordered", "No balance"]
    assert "4.00" in done[1].note
    assert "2.00" in done[1].note
    assert Order.objects.count() == 2
    assert Account.objects.get(owner=user).balance == 2


def test_price_that_has_risen_by_then_is_not_charged_and_the_others_are() -> None:
    dearer, same, gone = (make_service(price="4") for _ in range(3))

    def change() -> None:
        Service.objects.filter(pk=dearer.pk).update(price="4.50")
        Service.objects.filter(pk=gone.pk).update(is_hidden=True)

    user = make_user(balance="20")
    done = placed_after(change, user=user, services=[dearer, same, gone])

    assert [str(line.verdict) for line in done] == ["Wrong", "Ordered", "Wrong"]
    assert "4.50" in done[0].note
    assert [order.service for order in Order.objects.all()] == [same]
    assert Account.objects.get(owner=user).balance == 16
