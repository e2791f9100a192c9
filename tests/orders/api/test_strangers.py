"""Two customers, every action: what belongs to the other answers exactly as what does not exist."""

import json

import pytest

from accounts.models import User
from orders.models import Cancellation, Order, Refill, RequestState, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.api.api_client import ask, key_of

pytestmark = pytest.mark.django_db

NOBODYS = 987_654_321


@pytest.fixture
def theirs() -> Order:
    """Another customer's delivered order with a refill."""
    order = make_order(
        service=make_service(is_refill=True, is_cancel=True), status=Status.COMPLETED
    )
    Refill.objects.create(
        order=order,
        provider=order.provider,
        requested_by=order.user,
        requested_at=NOW,
        state=RequestState.COMPLETED,
    )
    return order


@pytest.fixture
def key() -> str:
    user: User = make_user(balance="10")
    make_order(user=user)
    return key_of(user)


@pytest.mark.parametrize(
    ("action", "name", "about"),
    [
        ("status", "order", "order"),
        ("status", "orders", "order"),
        ("refill", "order", "order"),
        ("refill", "orders", "order"),
        ("cancel", "order", "order"),
        ("cancel", "orders", "order"),
        ("refill_status", "refill", "refill"),
        ("refill_status", "refills", "refill"),
    ],
)
def test_what_is_another_customers_does_not_exist(
    key: str, theirs: Order, action: str, name: str, about: str
) -> None:
    pk = theirs.pk if about == "order" else theirs.refills.get().pk

    foreign, unknown = ask(key, action, **{name: pk}), ask(key, action, **{name: NOBODYS})

    assert foreign.replace(str(pk).encode(), b"#") == unknown.replace(str(NOBODYS).encode(), b"#")
    assert theirs.refills.count() == 1
    assert not Cancellation.objects.exists()


def test_balance_and_orders_are_ones_own(key: str, theirs: Order) -> None:
    own = key_of(theirs.user)

    assert json.loads(ask(key, "balance"))["balance"] != json.loads(ask(own, "balance"))["balance"]
    assert ask(own, "status", order=theirs.pk).startswith(b'{"charge":')
