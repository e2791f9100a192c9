"""Two people of staff undo one end at the same moment: it is undone once."""

from decimal import Decimal

import pytest

from accounts.models import Role
from billing.models import Account
from orders.audit.prove_all import prove
from orders.models import EventKind, Order, ReviewKind, Status
from orders.tracking.settle_reviews import end_order
from orders.tracking.undo_end import CannotUndo, undo_end
from tests.factories import NOW, make_order, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 4


def undone_at_once(*, is_locked: bool = True) -> tuple[Order, int]:
    """An order whose end so many people undo at once, and how many of them did."""
    order = make_order(status=Status.RUNNING)
    order.open_review(kind=ReviewKind.NO_REMAINS, text="How much?", now=NOW)
    staff = make_user(role=Role.STAFF)
    end_order(
        order=order, status=Status.CANCELED, undelivered=None, actor=staff, reason="Gone.", now=NOW
    )

    def undo(_: int) -> bool:
        try:
            undo_end(order=order, actor=staff, reason="It runs.", now=NOW)
        except CannotUndo:
            return False
        return True

    counted = (at_once if is_locked else at_once_without)(undo, times=TIMES)
    order.refresh_from_db()
    return order, counted.count(True)


def test_of_those_who_undo_an_end_at_once_one_does() -> None:
    order, count = undone_at_once()

    assert count == 1
    assert (order.status, order.times_undone) == (Status.RUNNING, 1)
    assert Account.objects.get(owner=order.user).balance == Decimal(0)
    decisions = order.events.filter(kind=EventKind.DECISION, text__startswith="End undone")
    assert decisions.count() == 1
    assert prove().findings == []


def test_control_without_the_orders_lock_several_undo_it() -> None:
    """No money moves twice, for the reference is one; but the end is undone more than once."""
    order, count = undone_at_once(is_locked=False)

    assert count > 1
    assert Account.objects.get(owner=order.user).balance == Decimal(0)
