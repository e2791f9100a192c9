"""What staff decide about orders under review."""

from decimal import Decimal

import pytest

from accounts.models import Role, User
from orders.models import Order, Review, ReviewKind, Status
from orders.tracking.settle_reviews import (
    AlreadySettled,
    NotUnderReview,
    WrongRemains,
    close_review,
    end_order,
)
from tests.factories import NOW, make_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def order() -> Order:
    order = make_order(status=Status.RUNNING, quantity=1000)
    order.open_review(kind=ReviewKind.NO_REMAINS, text="How much?", now=NOW)
    return order


def test_closing_a_review_leaves_the_order_as_it_is(order: Order, staff: User) -> None:
    close_review(review=order.reviews.get(), actor=staff, reason="Seen.", now=NOW)

    review = Review.objects.get()
    order.refresh_from_db()
    assert (review.closed_at, review.closed_by, review.decision) == (NOW, staff, "Seen.")
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))


def test_closing_twice_says_so(order: Order, staff: User) -> None:
    review = order.reviews.get()
    close_review(review=review, actor=staff, reason="Seen.", now=NOW)

    with pytest.raises(AlreadySettled):
        close_review(review=review, actor=staff, reason="Again.", now=NOW)


def test_staff_end_a_partial_order_with_the_remains_they_found(order: Order, staff: User) -> None:
    end_order(
        order=order,
        status=Status.PARTIAL,
        undelivered=250,
        actor=staff,
        reason="Counted 750.",
        now=NOW,
    )

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.PARTIAL, order.charge / 4)
    assert not order.reviews.filter(closed_at=None).exists()


@pytest.mark.parametrize("undelivered", [None, -1, 1001])
def test_impossible_remains_change_nothing(
    order: Order, staff: User, undelivered: int | None
) -> None:
    with pytest.raises(WrongRemains):
        end_order(
            order=order,
            status=Status.PARTIAL,
            undelivered=undelivered,
            actor=staff,
            reason="?",
            now=NOW,
        )

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))
    assert order.reviews.filter(closed_at=None).exists()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELED])
def test_number_of_missing_units_beside_another_end_than_partial_changes_nothing(
    order: Order, staff: User, status: Status
) -> None:
    with pytest.raises(WrongRemains):
        end_order(order=order, status=status, undelivered=450, actor=staff, reason="?", now=NOW)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))
    assert order.reviews.open().exists()


@pytest.mark.parametrize(("status", "share"), [(Status.COMPLETED, 0), (Status.CANCELED, 1)])
def test_staff_end_an_order_completed_or_canceled(
    order: Order, staff: User, status: Status, share: int
) -> None:
    end_order(order=order, status=status, undelivered=None, actor=staff, reason="Checked.", now=NOW)

    order.refresh_from_db()
    assert (order.status, order.refunded) == (status, order.charge * share)


def test_an_order_without_a_review_is_not_staffs_to_end(staff: User) -> None:
    order = make_order(status=Status.RUNNING)

    with pytest.raises(NotUnderReview):
        end_order(
            order=order, status=Status.CANCELED, undelivered=None, actor=staff, reason="?", now=NOW
        )


def test_an_order_that_has_ended_is_settled_once(order: Order, staff: User) -> None:
    end_order(
        order=order, status=Status.CANCELED, undelivered=None, actor=staff, reason="Gone.", now=NOW
    )

    with pytest.raises(AlreadySettled):
        end_order(
            order=order,
            status=Status.COMPLETED,
            undelivered=None,
            actor=staff,
            reason="No.",
            now=NOW,
        )
