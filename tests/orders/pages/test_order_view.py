"""What a customer reads of an order, made ready for its page."""

from datetime import timedelta

import pytest

from orders.models import Status
from orders.pages.order_view import sheet_of
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "minutes", "is_slow"),
    [
        (Status.WAITING, 11, True),
        (Status.SUBMITTING, 11, True),
        (Status.UNCLEAR, 11, True),
        (Status.HELD, 11, True),
        (Status.WAITING, 9, False),
        (Status.RUNNING, 11, False),
        (Status.COMPLETED, 11, False),
    ],
)
def test_order_that_is_not_with_the_provider_after_ten_minutes_is_explained(
    status: Status, minutes: int, is_slow: bool
) -> None:
    order = make_order(status=status)

    assert sheet_of(order, now=NOW + timedelta(minutes=minutes)).is_slow == is_slow
