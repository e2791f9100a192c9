"""Many subscriptions at once on a balance of a few posts: only those that it covers are taken."""

import pytest

from billing.ledger import InsufficientFunds
from orders.models import Order
from orders.placing.place_order import place_order
from tests.factories import NOW, make_service, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 8
COVERED = 3


def subscribed_at_once(*, is_locked: bool = True) -> int:
    """How many of so many subscriptions were taken on the balance of a few posts."""
    user = make_user(balance=str(COVERED))
    service = make_service(type="Subscriptions", cost="0.5", price="1")

    def subscribe(number: int) -> bool:
        values = {"username": f"@n{number}", "min": "10", "max": "20", "delay": "0"}
        try:
            place_order(customer=user, service=service, values=values, now=NOW)
        except InsufficientFunds:
            return False
        return True

    taken = (at_once if is_locked else at_once_without)(subscribe, times=TIMES)
    assert Order.objects.count() == taken.count(True)
    return taken.count(True)


def test_subscriptions_at_once_on_a_balance_of_three_posts_are_three() -> None:
    assert subscribed_at_once() == COVERED


def test_control_without_the_wallets_lock_too_many_are_taken() -> None:
    assert subscribed_at_once(is_locked=False) > COVERED
