"""Every row of the contract about orders that were placed, to the byte: key order, JSON types,
error texts.
"""

import json

import pytest

from accounts.models import User
from orders.models import Order, Refill, RequestState, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.api.api_client import add, ask, error, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> User:
    return make_user(balance="100")


@pytest.fixture
def key(customer: User) -> str:
    return key_of(customer)


def order_of(user: User, *, status: Status = Status.RUNNING, **fields: object) -> Order:
    order = make_order(
        user=user, service=make_service(is_refill=True, is_cancel=True), status=status
    )
    Order.objects.filter(pk=order.pk).update(**fields)
    return order


def refill_of(order: Order, state: RequestState) -> Refill:
    return Refill.objects.create(
        order=order, provider=order.provider, requested_by=order.user, requested_at=NOW, state=state
    )


# --- status


def test_status_of_one_has_five_texts_in_order(customer: User, key: str) -> None:
    order = order_of(customer, upstream_status="In progress", start_count=3572, remains=157)

    assert (
        ask(key, "status", order=order.pk)
        == b'{"charge":"1.20000","start_count":"3572","status":"In progress","remains":"157","currency":"USD"}'
    )


def test_status_charge_is_net_of_refunds(customer: User, key: str) -> None:
    order = order_of(customer, status=Status.COMPLETED, refunded="0.92181")
    Order.objects.filter(pk=order.pk).update(status=Status.PARTIAL, remains=768)

    assert (
        ask(key, "status", order=order.pk)
        == b'{"charge":"0.27819","start_count":"0","status":"Partial","remains":"768","currency":"USD"}'
    )


@pytest.mark.parametrize("status", [Status.WAITING, Status.SUBMITTING, Status.UNCLEAR, Status.HELD])
def test_what_is_ours_alone_shows_as_pending(customer: User, key: str, status: Status) -> None:
    order = make_order(user=customer)
    Order.objects.filter(pk=order.pk).update(status=status)

    assert json.loads(ask(key, "status", order=order.pk))["status"] == "Pending"


def test_status_of_several_is_keyed_by_the_ids_as_sent(customer: User, key: str) -> None:
    order, foreign = order_of(customer), make_order()

    answer = json.loads(
        ask(key, "status", orders=f"x,{order.pk}, 0{order.pk} ,{foreign.pk},999999,{'9' * 40},1.5")
    )

    unknown = {"error": "Incorrect order ID"}
    assert list(answer) == [
        "x",
        f"{order.pk}",
        f"0{order.pk}",
        f"{foreign.pk}",
        "999999",
        "9" * 40,
        "1.5",
    ]
    assert [answer[name] == unknown for name in answer] == [
        True,
        False,
        False,
        True,
        True,
        True,
        True,
    ]


def test_status_of_one_in_orders_is_keyed_too(customer: User, key: str) -> None:
    order = order_of(customer)

    assert ask(key, "status", orders=order.pk).startswith(b'{"%d":{"charge":' % order.pk)


@pytest.mark.parametrize("action", ["status", "refill", "cancel"])
@pytest.mark.parametrize(
    "fields", [{}, {"orders": ""}, {"orders": ",,"}, {"order": "x"}, {"order": ""}]
)
def test_no_order_is_an_incorrect_order_id(key: str, action: str, fields: dict[str, str]) -> None:
    expected = error("Incorrect order ID")
    if action == "cancel" and fields.get("order"):
        expected = b'[{"order":"x","cancel":{"error":"Incorrect order ID"}}]'

    assert ask(key, action, **fields) == expected


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("status", "orders"),
        ("refill", "orders"),
        ("cancel", "orders"),
        ("refill_status", "refills"),
    ],
)
def test_more_than_100_ids_are_refused_as_a_whole(key: str, action: str, name: str) -> None:
    ids = [str(number) for number in range(101)]

    assert ask(key, action, **{name: ",".join(ids)}) == error("Up to 100 IDs per request")
    assert ask(key, action, **{name: ",".join(ids[:100])}) != error("Up to 100 IDs per request")


# --- refill and cancel


def test_refill_of_one_is_text_and_of_several_a_number(customer: User, key: str) -> None:
    first, second = (
        order_of(customer, status=Status.COMPLETED),
        order_of(customer, status=Status.COMPLETED),
    )

    single = ask(key, "refill", order=first.pk)
    several = ask(key, "refill", orders=f"{second.pk},x,{first.pk},{second.pk}")

    [refill] = first.refills.all()
    [other] = second.refills.all()
    open_already = '{"error":"The refill task is not completed for this order"}'
    assert single == f'{{"refill":"{refill.pk}"}}'.encode()
    assert (
        several
        == (
            f'[{{"order":{second.pk},"refill":{other.pk}}},{{"order":"x","refill":{{"error":"Incorrect order ID"}}}},'
            f'{{"order":{first.pk},"refill":{open_already}}},{{"order":{second.pk},"refill":{open_already}}}]'
        ).encode()
    )


def test_refill_that_is_not_offered_says_so(customer: User, key: str) -> None:
    running = order_of(customer)
    without = make_order(user=customer, status=Status.COMPLETED)

    assert ask(key, "refill", order=without.pk) == error("Refill is disabled for this service")
    assert ask(key, "refill", order=running.pk) == error("Refill is not available for this order")
    assert not Refill.objects.exists()


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (RequestState.REQUESTED, "Pending"),
        (RequestState.UNCLEAR, "Pending"),
        (RequestState.RUNNING, "In progress"),
        (RequestState.COMPLETED, "Completed"),
        (RequestState.REJECTED, "Rejected"),
    ],
)
def test_refill_status(customer: User, key: str, state: RequestState, word: str) -> None:
    refill = refill_of(order_of(customer, status=Status.COMPLETED), state)
    foreign = refill_of(make_order(status=Status.COMPLETED), RequestState.COMPLETED)

    single = ask(key, "refill_status", refill=refill.pk)
    several = ask(key, "refill_status", refills=f"{foreign.pk},{refill.pk},x")

    assert single == f'{{"status":"{word}"}}'.encode()
    assert (
        several
        == (
            f'[{{"refill":{foreign.pk},"status":{{"error":"Refill not found"}}}},'
            f'{{"refill":{refill.pk},"status":"{word}"}},{{"refill":"x","status":{{"error":"Refill not found"}}}}]'
        ).encode()
    )


@pytest.mark.parametrize(
    "fields", [{}, {"refill": "x"}, {"refill": "999"}, {"refills": ""}, {"refills": ","}]
)
def test_no_refill_is_not_found(key: str, fields: dict[str, str]) -> None:
    assert ask(key, "refill_status", **fields) == error("Refill not found")


@pytest.mark.parametrize("name", ["orders", "order"])
def test_cancel_is_a_list_even_for_one(customer: User, key: str, name: str) -> None:
    order = order_of(customer)

    assert ask(key, "cancel", **{name: order.pk}) == b'[{"order":%d,"cancel":1}]' % order.pk
    assert (
        ask(key, "cancel", **{name: order.pk})
        == b'[{"order":%d,"cancel":{"error":"The cancel task is not completed for this order"}}]'
        % order.pk
    )


def test_cancel_of_an_order_that_was_not_sent_gives_the_money_back(
    customer: User, key: str
) -> None:
    add(key, make_service(price="1000"))
    [order] = customer.orders.all()

    assert ask(key, "cancel", orders=order.pk) == b'[{"order":%d,"cancel":1}]' % order.pk
    assert ask(key, "balance") == b'{"balance":"100.00000","currency":"USD"}'
    assert (
        ask(key, "cancel", orders=order.pk)
        == b'[{"order":%d,"cancel":{"error":"Cancel is not available for this order"}}]' % order.pk
    )


def test_cancel_that_is_not_offered_says_so(customer: User, key: str) -> None:
    order = make_order(user=customer, status=Status.RUNNING)

    assert (
        ask(key, "cancel", orders=order.pk)
        == b'[{"order":%d,"cancel":{"error":"Cancel is disabled for this service"}}]' % order.pk
    )
