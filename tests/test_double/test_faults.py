"""Every fault does what it says, on the socket and in the journal."""

import json
import time
from decimal import Decimal

import pytest

from tests.double.faults import SHAPES
from tests.double.handle import ControlError, ProviderDouble
from tests.test_double.conftest import Ask
from tests.test_double.raw_client import Carried, post
from tests.waiting import wait_for

SERVICE = {"service": 1, "rate": "0.90", "min": 50, "max": 10000}
ORDER = {"service": 1, "link": "https://example.com/p/1", "quantity": 1000}
SECONDS = {"hang": 30, "slow_drip": 0.01, "slow_head": 0.005, "http429": 7}
# what the client sees: (status, how the connection ended)
SEEN = {
    "hang": (0, "silent"),
    "reset": (0, "reset"),
    "close": (0, "closed"),
    "empty": (200, "closed"),
    "http500": (500, "closed"),
    "http502": (502, "closed"),
    "http503": (503, "closed"),
    "http403": (403, "closed"),
    "http429": (429, "closed"),
    "html200": (200, "closed"),
    "redirect": (302, "closed"),
    "truncated": (200, "closed"),
    "cut_off": (200, "closed"),
    "slow_drip": (200, "closed"),
    "slow_head": (200, "closed"),
    "huge_body": (200, "closed"),
    "wrong_type": (200, "closed"),
    "no_order_id": (200, "closed"),
    "internal_error": (200, "closed"),
    "duplicate_id": (200, "closed"),
}
TELLS_THE_ORDER = {"slow_drip", "slow_head", "huge_body"}  # to a client that waits and reads it all


def add(provider: ProviderDouble, *, patience: float = 60.0) -> Carried:
    return post(provider, "add", patience=patience, **ORDER)


def body_of(carried: Carried) -> object:
    try:
        return json.loads(carried.body)
    except ValueError:
        return None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("prefix", ["commit", "nocommit"])
def test_add_goes_wrong_as_told_and_is_placed_or_not(
    provider: ProviderDouble, prefix: str, shape: str
) -> None:
    provider.set_services([SERVICE])
    add(provider)
    provider.fault("add", f"{prefix}_{shape}", times=1, seconds=SECONDS.get(shape))

    carried = add(provider, patience=0.5 if SEEN[shape][1] == "silent" else 60.0)

    assert (carried.status, carried.end) == SEEN[shape]
    orders = [placed.order for placed in provider.placed()]
    assert orders == ([23501, 23502] if prefix == "commit" else [23501])
    body = body_of(carried)
    if shape in TELLS_THE_ORDER:
        assert body == ({"order": 23502} if prefix == "commit" else {"error": "Internal error"})
    elif shape == "duplicate_id":
        assert body == {"order": 23501}
    else:
        assert body != {"order": 23502}
    asked = provider.journal().asked("add")[-1]
    assert asked.fault == f"{prefix}_{shape}"
    assert asked.parameters == {
        "service": "1",
        "link": "https://example.com/p/1",
        "quantity": "1000",
    }
    assert body_of(add(provider)) == {"order": orders[-1] + 1}


def test_every_shape_is_tested() -> None:
    assert set(SEEN) == set(SHAPES)


def test_too_many_says_when_to_come_again(provider: ProviderDouble) -> None:
    provider.fault("balance", "http429", seconds=7)

    carried = post(provider, "balance")

    assert carried.header("Retry-After") == "7"
    assert body_of(carried) == {"error": "Too many requests"}


def test_redirect_points_back_at_the_provider(provider: ProviderDouble) -> None:
    provider.fault("balance", "redirect")

    assert post(provider, "balance").header("Location") == "/api/v2?moved=1"


def test_huge_body_is_40_mb_without_a_length(provider: ProviderDouble) -> None:
    provider.fault("balance", "huge_body")

    carried = post(provider, "balance")

    assert len(carried.body) > 40 * 1024 * 1024
    assert carried.header("Content-Length") == ""


def test_cut_off_promises_more_than_it_sends(provider: ProviderDouble) -> None:
    provider.fault("balance", "cut_off")

    carried = post(provider, "balance")

    assert int(carried.header("Content-Length")) > len(carried.body) > 0


def test_slow_drip_takes_long_in_all_and_ends_well(provider: ProviderDouble) -> None:
    provider.fault("balance", "slow_drip", seconds=0.03)

    carried = post(provider, "balance")

    assert carried.seconds > 0.03 * len(carried.body) > 0.5
    assert body_of(carried) == {"balance": "10000.00", "currency": "USD"}


def test_hanging_ends_when_the_client_gives_up(provider: ProviderDouble) -> None:
    provider.fault("add", "nocommit_hang", times=1)

    add(provider, patience=0.3)

    assert wait_for(lambda: provider.journal().requests[-1].outcome) == "client gave up"


def test_late_commit_places_after_the_client_has_gone(provider: ProviderDouble) -> None:
    provider.set_services([SERVICE])
    provider.fault("add", "late_commit", times=1, seconds=2.0)

    assert add(provider, patience=0.3).end == "silent"

    assert wait_for(lambda: [placed.order for placed in provider.placed()]) == [23501]
    (placed,), (asked,) = provider.placed(), provider.journal().requests
    assert placed.at - asked.at >= 2.0


def test_late_commit_does_not_reach_over_a_reset(provider: ProviderDouble) -> None:
    provider.set_services([SERVICE])
    provider.fault("add", "late_commit", times=1, seconds=1.5)
    add(provider, patience=0.3)

    provider.reset()

    time.sleep(1.5)
    assert provider.placed() == ()


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("refuse", "Quantity less than minimal"),
        ("no_funds", "Not enough funds on balance"),
        ("bad_key", "Invalid API key"),
    ],
)
def test_definite_refusals_place_nothing(
    provider: ProviderDouble, ask: Ask, mode: str, error: str
) -> None:
    provider.set_services([SERVICE])
    provider.fault("add", mode, times=1)

    assert ask("add", **ORDER).json() == {"error": error}

    assert provider.placed() == ()
    assert provider.balance() == Decimal(10000)


def test_a_refusal_can_be_worded(provider: ProviderDouble, ask: Ask) -> None:
    provider.fault("add", "refuse", text="Wrong link!")

    assert ask("add", **ORDER).json() == {"error": "Wrong link!"}


def test_refill_and_cancel_can_be_done_and_not_answered(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    for _ in range(2):
        ask("add", **ORDER)
    provider.set_order(23501, status="Completed")
    provider.fault("refill", "commit_reset")
    provider.fault("cancel", "commit_close")

    assert post(provider, "refill", orders="23501").end == "reset"
    assert post(provider, "cancel", orders="23502").body == b""

    journal = provider.journal()
    assert [refill.order for refill in journal.refills] == [23501]
    assert [cancel.order for cancel in journal.cancels] == [23502]


def test_times_and_where_choose_the_requests(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    provider.fault("add", "refuse", times=2, where={"link": "bad"})

    answers = [
        ask("add", **{**ORDER, "link": f"https://{name}.example"}).json()
        for name in ("bad", "a", "bad", "bad")
    ]

    assert ["error" in answer for answer in answers] == [True, False, True, False]
    assert [fault["struck"] for fault in provider.faults()] == [2]


def test_probability_is_seeded(provider: ProviderDouble, ask: Ask) -> None:
    def struck() -> list[bool]:
        provider.reset()
        provider.fault("balance", "internal_error", probability=0.5)
        return ["error" in ask("balance").json() for _ in range(20)]

    first = struck()

    assert 3 <= sum(first) <= 17
    assert struck() == first


def test_an_unknown_fault_is_refused(provider: ProviderDouble) -> None:
    with pytest.raises(ControlError, match="no such fault of add: hang"):
        provider.fault("add", "hang")
    with pytest.raises(ControlError, match="no such action: buy"):
        provider.fault("buy", "hang")


def test_refused_connections_come_back_on_the_same_port(provider: ProviderDouble) -> None:
    provider.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        post(provider, "balance")

    provider.accept_connections()

    assert post(provider, "balance").status == 200


def test_refused_connections_come_back_by_themselves(provider: ProviderDouble) -> None:
    provider.refuse_connections(1.5)
    with pytest.raises(ConnectionRefusedError):
        post(provider, "balance")

    def status() -> int:
        try:
            return post(provider, "balance").status
        except ConnectionRefusedError:
            return 0

    assert wait_for(status) == 200


def test_foreign_orders_leave_gaps_that_read_as_unknown(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])
    ask("add", **ORDER)
    provider.foreign_order(count=2)
    ask("add", **ORDER)

    replies = ask("status", orders="23501,23502,23503,23504").json()

    assert ["error" in reply for reply in replies.values()] == [False, True, True, False]
    assert provider.balance() == Decimal("9998.20000")


def test_someone_else_spends_on_the_key(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([SERVICE])

    (spent,) = provider.foreign_order(account="ours", quantity=1000)

    assert ask("status", order=spent.order).json()["charge"] == "0.90"
    assert provider.balance() == Decimal("9999.10000")
