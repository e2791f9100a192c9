"""One table of shapes serves all seven actions: wrappers, lists of one, and errors of every kind."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.upstream import (
    Accepted,
    Answered,
    BadReply,
    Balance,
    Client,
    ErrorReply,
    IdError,
    OrderStatus,
    RefillState,
    RefillStatus,
    Rejected,
    Status,
    Taken,
    Unclear,
)
from tests.catalog.upstream.service_rows import ROW
from tests.raw_provider import FIELDS, RawProvider, answer, client_of

PROGRESS = {"status": "In progress", "charge": "0.5", "start_count": "7", "remains": "90"}
ORDERS = {"1": PROGRESS, "2": {**PROGRESS, "status": "Completed", "remains": "0"}}
CALLS: dict[str, Callable[[Client], Any]] = {
    "services": lambda client: client.services(),
    "add": lambda client: client.add(FIELDS),
    "status of one": lambda client: client.status(["1"]),
    "status of two": lambda client: client.status(["1", "2"]),
    "refill of one": lambda client: client.refill(["1"]),
    "refill of two": lambda client: client.refill(["1", "2"]),
    "refill_status of one": lambda client: client.refill_status(["7"]),
    "refill_status of two": lambda client: client.refill_status(["7", "8"]),
    "cancel": lambda client: client.cancel(["1", "2"]),
    "balance": lambda client: client.balance(),
}
READING = [name for name in CALLS if name.split()[0] in {"services", "status", "refill_status"}]
READING.append("balance")


def call(action: str, tree: object, *, status: int = 200) -> Any:
    with (
        RawProvider(answer(json.dumps(tree).encode(), status=status)) as provider,
        client_of(provider.url) as client,
    ):
        return CALLS[action](client)


def found(action: str, reply: Any) -> object:
    """What the reply says, in short."""
    match action.split()[0]:
        case "services":
            return [row.service_id for row in reply.rows]
        case "add":
            return reply.order_id if isinstance(reply, Accepted) else reply
        case "status":
            return {
                name: (order.status, order.remains) if isinstance(order, OrderStatus) else order
                for name, order in reply.orders.items()
            }
        case "refill_status":
            return {
                name: refill.state if isinstance(refill, RefillStatus) else refill
                for name, refill in reply.refills.items()
            }
        case "balance":
            return reply
    return dict(reply.results) if isinstance(reply, Answered) else reply


ONE = {"1": (Status.IN_PROGRESS, 90)}
TWO = {**ONE, "2": (Status.COMPLETED, 0)}
BALANCE = Balance(Decimal("5.5"), "USD")
LISTED = [{"order": 1, **ORDERS["1"]}, {"order": "2", **ORDERS["2"]}]
REFILLS = [{"order": 1, "refill": 7}, {"order": 2, "refill": {"error": "Too early"}}]
REFILLED = {"1": Taken("7"), "2": IdError("Too early")}
STATES = [{"refill": 7, "status": "Completed"}, {"refill": 8, "status": "Pending"}]
STATED = {"7": RefillState.COMPLETED, "8": RefillState.PENDING}
CANCELS = [{"order": 1, "cancel": 1}, {"order": 2, "cancel": 5512}]
CANCELED = {"1": Taken(), "2": Taken()}
ANSWERS: list[tuple[str, object, object]] = [
    ("services", [ROW], ["1"]),
    ("services", {"First Category": [ROW], "Other": [{**ROW, "service": 2}]}, ["1", "2"]),
    ("services", {"error": False, "result": {"services": [ROW]}}, ["1"]),
    ("add", {"order": 5}, "5"),
    ("status of one", PROGRESS, ONE),
    ("status of one", {"order": PROGRESS}, ONE),
    ("status of one", ORDERS["1"] | {"order_id": 1}, ONE),
    ("status of two", ORDERS, TWO),
    ("status of two", LISTED, TWO),
    ("status of two", [{"id": 1, **ORDERS["1"]}, {"order_id": "2", **ORDERS["2"]}], TWO),
    ("refill of one", {"refill": "7"}, {"1": Taken("7")}),
    ("refill of two", REFILLS, REFILLED),
    ("refill of two", {"refill": REFILLS}, REFILLED),
    ("refill_status of one", {"status": "Completed"}, {"7": RefillState.COMPLETED}),
    ("refill_status of one", {"refill": {"status": "Pending"}}, {"7": RefillState.PENDING}),
    ("refill_status of two", STATES, STATED),
    ("refill_status of two", {"refills": STATES}, STATED),
    ("refill_status of two", {"7": {"status": "Completed"}, "8": "Pending"}, STATED),
    ("cancel", CANCELS, CANCELED),
    ("cancel", {"cancel": CANCELS}, CANCELED),
    ("balance", {"balance": "5.5", "currency": "USD"}, BALANCE),
    ("balance", {"user": {"balance": "5,5", "currency": "USD"}}, BALANCE),
]
WRAPS: dict[str, Callable[[object], object]] = {
    "nothing": lambda tree: tree,
    "data": lambda tree: {"data": tree},
    "data beside success": lambda tree: {"status": "success", "message": "OK", "data": tree},
    "data beside no error": lambda tree: {"error": "", "success": 1, "data": tree},
    "data in a response": lambda tree: {"response": {"status": 200, "errors": [], "data": tree}},
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
@pytest.mark.parametrize(
    ("action", "tree", "read"),
    ANSWERS,
    ids=[f"{action} {number}" for number, (action, *_) in enumerate(ANSWERS)],
)
def test_an_answer_is_read_in_every_wrapper(
    action: str, tree: object, read: object, wrap: Callable[[object], object]
) -> None:
    assert found(action, call(action, wrap(tree))) == read


@pytest.mark.parametrize(
    "tree", [{"orders": ORDERS}, {"orders": LISTED}, {"data": {"orders": ORDERS}}]
)
def test_statuses_may_lie_in_orders(tree: object) -> None:
    assert found("status of two", call("status of two", tree)) == TWO


@pytest.mark.parametrize("action", ["add", "status of one", "refill_status of one", "balance"])
def test_an_answer_may_be_the_only_one_of_a_list(action: str) -> None:
    tree, read = next((tree, read) for name, tree, read in ANSWERS if name == action)

    assert found(action, call(action, [tree])) == read
    assert found(action, call(action, {"data": [tree]})) == read


ERRORS: dict[str, object] = {
    "documented": {"error": "No such thing"},
    "flag and message": {"error": True, "message": "No such thing"},
    "flag and msg": {"error": 1, "msg": "No such thing"},
    "code and message": {"error": "102", "message": "No such thing"},
    "status fail": {"status": "fail", "message": "No such thing"},
    "status false": {"status": False, "msg": "No such thing"},
    "success false": {"success": False, "error": "No such thing"},
    "list of one": [{"error": "No such thing"}],
    "wrapped": {"data": {"error": "No such thing"}},
    "wrapped list of one": {"data": [{"error": "No such thing"}]},
    "beside no data": {"error": "No such thing", "data": []},
    "status outside": {"status": "error", "data": {"message": "No such thing"}},
}


@pytest.mark.parametrize("tree", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("action", CALLS)
def test_an_error_of_the_call_is_one_in_every_shape(action: str, tree: object) -> None:
    if action in READING:
        with pytest.raises(ErrorReply) as raised:
            call(action, tree)
        assert raised.value.text == "No such thing"
    elif action == "refill of one":
        assert found(action, call(action, tree)) == {"1": IdError("No such thing")}
    else:
        outcome = call(action, tree)
        assert isinstance(outcome, Rejected)
        assert outcome.text == "No such thing"


@pytest.mark.parametrize(
    "tree", [{"error": True}, {"error": ""}, {"status": "fail"}, {"data": []}, {}, []]
)
@pytest.mark.parametrize("action", ["add", "refill of two", "cancel"])
def test_what_says_nothing_is_unclear(action: str, tree: object) -> None:
    assert isinstance(call(action, tree), Unclear)


def test_what_says_nothing_about_our_money_is_no_balance() -> None:
    with pytest.raises(BadReply):
        call("balance", {"error": True, "data": {}})


def test_an_order_that_failed_is_no_failed_call() -> None:
    tree = {**PROGRESS, "status": "Failed", "message": "link is private"}

    assert found("status of one", call("status of one", tree)) == {"1": (Status.FAILED, 90)}


def test_an_id_of_another_row_is_not_taken_for_the_order_asked_for() -> None:
    reply = call("status of two", [{"id": 77, **PROGRESS}, {"order": 2, "id": 1, **ORDERS["2"]}])

    assert found("status of two", reply) == {"2": (Status.COMPLETED, 0)}
    assert reply.missing == ("1",)


def test_one_cancel_of_a_list_is_no_word_about_two_orders() -> None:
    assert isinstance(call("cancel", [{"cancel": 1}]), Unclear)
