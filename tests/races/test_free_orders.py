"""Free orders of one customer at the same moment: never more than the limit; and without the lock
too many.
"""

import re
from collections.abc import Callable

import pytest

from orders.models import Order
from orders.placing.free_orders import FreeLimitReached
from orders.placing.place_order import place_order
from tests.factories import NOW, make_service, make_user
from tests.guards_off import Guard, at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 6
LIMIT = 2
TURNS = Guard(re.compile(r"pg_advisory_xact_lock\(hashtextextended\(%s, 0\)\)"), "%s::text IS NULL")
IS_COUNTED = re.compile(r"SELECT COUNT\(\*\).*orders_order")


def orders(*, client_key: str | None = None, limit: int = LIMIT) -> Callable[[int], int | None]:
    """An act: one customer orders a free service; None where the limit is reached."""
    user, service = make_user(), make_service(cost="0", price="0", free_per_day=limit)

    def order(number: int) -> int | None:
        values = {"link": f"https://example.com/{number if client_key is None else 0}"}
        try:
            return place_order(
                customer=user,
                service=service,
                values={**values, "quantity": "100"},
                now=NOW,
                client_key=client_key,
            ).pk
        except FreeLimitReached:
            return None

    return order


def test_free_orders_at_once_stay_within_the_limit() -> None:
    placed = at_once(orders(), times=TIMES)

    assert len([pk for pk in placed if pk]) == LIMIT == Order.objects.count()


def test_one_key_at_once_is_one_free_order_and_refused_to_nobody() -> None:
    placed = at_once(orders(client_key="k1", limit=1), times=TIMES)

    assert set(placed) == {Order.objects.get().pk}


def test_control_without_the_lock_they_exceed_it() -> None:
    placed = at_once_without(orders(), times=TIMES, off=[TURNS], meet=IS_COUNTED)

    assert len([pk for pk in placed if pk]) == TIMES == Order.objects.count()
