"""An end that staff undo: the refund returns, the order runs, and all money still adds up."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Role, User
from billing import ledger
from billing.models import Account, Transfer
from billing.reference import order_charge
from orders.audit.prove_all import prove
from orders.models import Order, Refill, ReviewKind, Status, Watch
from orders.tracking.settle_reviews import end_order
from orders.tracking.undo_end import UNDO_WITHIN, CannotUndo, undo_end
from tests.factories import NOW, make_order, make_user

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def order() -> Order:
    order = make_order(status=Status.RUNNING, quantity=1000)
    order.open_review(kind=ReviewKind.NO_REMAINS, text="How much?", now=NOW)
    return order


def end(order: Order, staff: User, status: Status, undelivered: int | None = None) -> None:
    end_order(
        order=order, status=status, undelivered=undelivered, actor=staff, reason="Told.", now=NOW
    )


def balance(order: Order) -> Decimal:
    return Account.objects.get(owner=order.user).balance


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((Status.COMPLETED, None), (Status.PARTIAL, 450)),
        ((Status.CANCELED, None), (Status.PARTIAL, 450)),
        ((Status.CANCELED, None), (Status.CANCELED, None)),
        ((Status.PARTIAL, 500), (Status.COMPLETED, None)),
    ],
)
def test_undone_end_moves_its_refund_back_and_can_be_decided_anew(
    order: Order,
    staff: User,
    first: tuple[Status, int | None],
    second: tuple[Status, int | None],
) -> None:
    end(order, staff, *first)
    undo_end(order=order, actor=staff, reason="Wrong choice.", now=SOON)
    undone = Order.objects.get(pk=order.pk)
    sound, between = prove().findings, balance(order)

    end(order, staff, *second)
    undo_end(order=order, actor=staff, reason="Wrong again.", now=SOON)
    end(order, staff, *second)

    order.refresh_from_db()
    owed = {Status.PARTIAL: Decimal("0.54"), Status.CANCELED: Decimal("1.2")}
    refunded = owed.get(second[0], Decimal(0))
    assert (undone.status, undone.refunded, undone.ended_at) == (Status.RUNNING, Decimal(0), None)
    assert (sound, between) == ([], Decimal(0))
    assert (order.status, order.refunded, balance(order)) == (second[0], refunded, refunded)
    assert prove().findings == []


def test_undone_order_is_watched_and_reviewed_again(order: Order, staff: User) -> None:
    end(order, staff, Status.CANCELED)

    undo_end(order=order, actor=staff, reason="Wrong choice.", now=SOON)

    assert Watch.objects.get(order=order).due_at == SOON
    [review] = order.reviews.all()
    assert (review.closed_at, review.closed_by, review.decision) == (None, None, "")


def assert_not_undone(order: Order, staff: User, text: str, *, after: timedelta) -> None:
    before = Transfer.objects.count()
    with pytest.raises(CannotUndo, match=text):
        undo_end(order=order, actor=staff, reason="?", now=NOW + after)
    order.refresh_from_db()
    assert (order.is_ended, Transfer.objects.count()) == (True, before)
    assert not order.reviews.open().exists()


def test_refund_that_was_spent_is_not_taken_back(order: Order, staff: User) -> None:
    end(order, staff, Status.CANCELED)
    ledger.charge(
        customer=order.user, amount=Decimal("0.5"), reference=order_charge(10**9), now=NOW
    )

    assert_not_undone(order, staff, "has spent the refund", after=timedelta(minutes=1))


def test_end_is_not_undone_once_a_refill_was_asked_for(order: Order, staff: User) -> None:
    end(order, staff, Status.COMPLETED)
    Refill.new(order, actor=order.user, now=NOW).save()

    assert_not_undone(order, staff, "asked for a refill", after=timedelta(minutes=1))


def test_end_is_not_undone_later_than_that(order: Order, staff: User) -> None:
    end(order, staff, Status.CANCELED)

    assert_not_undone(order, staff, "any more", after=UNDO_WITHIN + timedelta(seconds=1))
