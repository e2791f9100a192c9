"""The client against a whole provider: every dialect is understood, every fault is named."""

from decimal import Decimal
from typing import Any

import pytest

from catalog.upstream import (
    Accepted,
    Answered,
    Client,
    Endpoint,
    IdError,
    NotSent,
    OrderStatus,
    Reason,
    RefillState,
    RefillStatus,
    Rejected,
    Status,
    Taken,
    Unclear,
)
from tests.double.faults import SHAPES
from tests.double.handle import ProviderDouble

LINK = "https://example.org/p"
WORDS: dict[str, tuple[object, ...]] = {
    "bom": (True,),
    "php_warning": (True,),
    "content_type": ("text/html",),
    "ids": ("text", "number", "word"),
    "booleans": ("number", "digit_text", "word_text", "yes_no"),
    "null_category": (True,),
    "types": ("lower", "upper", "underscore"),
    "wrap": ("data", "services"),
    "rates": ("number", "eight", "thousands"),
    "limits": ("number",),
    "plain_services": (True,),
    "description_key": ("desc",),
    "broken_rows": (True,),
    "duplicate_ids": (True,),
    "words": ("lower", "upper", "compact", "underscore", "hyphen"),
    "status_shape": ("list", "flat"),
    "bare_errors": (True,),
    "resorted": (True,),
    "start_counts": ("number", "null", "empty", "absent"),
    "remains": ("number",),
    "charges": ("number", "null", "absent"),
    "refill_shape": ("success",),
    "cancel_shape": ("object", "success", "no_order", "null_order"),
    "balances": ("number",),
    "error_status": (400,),
    "error_shape": (
        "status_code",
        "status_msg",
        "status_message",
        "success_false",
        "errors",
        "detail",
    ),
}


def client_of(double: ProviderDouble, *, timeout: float = 30.0, key: str = "") -> Client:
    return Client(
        Endpoint(url=double.url, key=key or double.key, timeout=timeout, is_private_allowed=True)
    )


def order_fields(double: ProviderDouble, link: str = LINK, **wanted: bool) -> dict[str, str]:
    service = double.service_of("Default", **wanted)
    return {"service": str(service["service"]), "link": link, "quantity": str(service["min"])}


@pytest.mark.parametrize("part", WORDS)
def test_an_orders_whole_life_is_understood_in_every_dialect(
    double: ProviderDouble, part: str
) -> None:
    for word in WORDS[part]:
        double.reset()
        offered = double.services()
        double.dialect(**{part: word})

        assert_whole_life(double, offered)


def assert_whole_life(double: ProviderDouble, offered: list[dict[str, Any]]) -> None:
    with client_of(double) as client:
        catalog = client.services()
        before = client.balance()
        added = client.add(order_fields(double, refill=True, cancel=True))
        assert isinstance(added, Accepted)
        other = client.add(order_fields(double, LINK + "/2", cancel=True))
        assert isinstance(other, Accepted)
        canceled = client.cancel([other.order_id])
        double.advance(3600)
        unknown = "ORD-1" if added.order_id.startswith("ORD-") else "1"
        statuses = client.status([added.order_id, unknown])
        alone = client.status([added.order_id])
        refilled = client.refill([added.order_id])
        assert isinstance(refilled, Answered)
        after = client.balance()

    assert {row.service_id for row in catalog.rows} >= {str(row["service"]) for row in offered}
    assert {row.type for row in catalog.rows} == {row["type"] for row in offered}
    assert any(row.is_refillable for row in catalog.rows)
    assert not all(row.is_refillable for row in catalog.rows)
    assert before.currency == "USD"
    assert after.amount < before.amount
    assert isinstance(canceled, Answered)
    assert canceled.results == {other.order_id: Taken()}
    for reply in (statuses, alone):
        found = reply.orders[added.order_id]
        assert isinstance(found, OrderStatus)
        assert (found.status, found.remains) == (Status.COMPLETED, 0)
    assert statuses.orders[unknown] == IdError("Incorrect order ID")
    assert isinstance(refilled.results[added.order_id], Taken)
    assert [str(placed.order) for placed in double.placed()] == [
        order.order_id.removeprefix("ORD-") for order in (added, other)
    ]


@pytest.mark.parametrize("shape", ["documented", "nested"])
def test_refills_are_followed(double: ProviderDouble, shape: str) -> None:
    double.dialect(refill_status_shape=shape)

    with client_of(double) as client:
        added = client.add(order_fields(double, refill=True))
        assert isinstance(added, Accepted)
        double.advance(3600)
        refilled = client.refill([added.order_id, "1"])
        assert isinstance(refilled, Answered)
        taken = refilled.results[added.order_id]
        assert isinstance(taken, Taken)
        assert taken.refill_id is not None
        double.advance(3600)
        alone = client.refill_status([taken.refill_id])
        several = client.refill_status([taken.refill_id, "999"])

    assert isinstance(refilled.results["1"], IdError)
    done = RefillStatus(RefillState.COMPLETED, "Completed")
    assert dict(alone.refills) == {taken.refill_id: done}
    assert dict(several.refills) == {taken.refill_id: done, "999": IdError("Refill not found")}


def test_refill_of_several_at_a_provider_that_knows_only_one_is_unclear(
    double: ProviderDouble,
) -> None:
    double.dialect(refill_shape="single")

    with client_of(double) as client:
        orders = [
            client.add(order_fields(double, f"{LINK}/{number}", refill=True)) for number in range(2)
        ]
        double.advance(3600)
        outcome = client.refill([order.order_id for order in orders if isinstance(order, Accepted)])

    assert isinstance(outcome, Unclear)
    assert len(double.journal().refills) == 1


def test_canceled_and_partial_ends_are_understood(double: ProviderDouble) -> None:
    with client_of(double) as client:
        ids = []
        for fate in ("canceled", "partial:40"):
            added = client.add(order_fields(double, f"{LINK}#fate={fate}"))
            assert isinstance(added, Accepted)
            ids.append(added.order_id)
        double.advance(3600)
        found = client.status(ids).orders
        double.dialect(words="refunded")
        refunded = client.status(ids).orders

    for orders in (found, refunded):
        assert [order.status for order in orders.values() if isinstance(order, OrderStatus)] == [
            Status.CANCELED,
            Status.PARTIAL,
        ]


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "http429"])
def test_every_fault_of_an_add_leaves_it_unclear(double: ProviderDouble, shape: str) -> None:
    is_slow = shape in {"hang", "slow_drip", "slow_head"}  # no other shape lets anybody wait
    for mode, placed in ((f"commit_{shape}", 1), (f"nocommit_{shape}", 0)):
        double.reset()
        fields = order_fields(double)
        double.fault("add", mode, times=1)

        with client_of(double, timeout=1.2 if is_slow else 30) as client:
            outcome = client.add(fields)

        # An id that was given before looks right from here: only the database knows whose it is.
        assert isinstance(outcome, Accepted if shape == "duplicate_id" else Unclear), mode
        assert len(double.placed()) == placed, mode


def test_429_is_not_sent_or_unclear_by_the_providers_profile(double: ProviderDouble) -> None:
    double.fault("add", "nocommit_http429", times=1)
    double.fault("add", "commit_http429", times=1)

    with client_of(double) as client:
        refused = client.add(order_fields(double))
        placed = client.add(order_fields(double), is_429_unclear=True)

    assert isinstance(refused, NotSent)
    assert (refused.is_429, refused.retry_after) == (True, 2.0)
    assert isinstance(placed, Unclear)
    assert len(double.placed()) == 1


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("refuse", Reason.CUSTOMER), ("no_funds", Reason.NO_FUNDS), ("bad_key", Reason.BAD_KEY)],
)
def test_definite_refusals_are_told_apart(
    double: ProviderDouble, mode: str, reason: Reason
) -> None:
    double.fault("add", mode, times=1)

    with client_of(double) as client:
        outcome = client.add(order_fields(double))

    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason
    assert double.placed() == ()


def test_empty_account_there_and_wrong_key_are_ours(double: ProviderDouble) -> None:
    double.set_balance("0.00001")

    with (
        client_of(double) as client,
        client_of(double, key="not-the-key-at-the-provider") as stranger,
    ):
        poor = client.add(order_fields(double))
        wrong = stranger.add(order_fields(double))

    assert isinstance(poor, Rejected)
    assert isinstance(wrong, Rejected)
    assert (poor.reason, wrong.reason) == (Reason.NO_FUNDS, Reason.BAD_KEY)


def test_provider_that_refuses_connections_was_sent_nothing(double: ProviderDouble) -> None:
    double.refuse_connections()

    with client_of(double) as client:
        outcome = client.add(order_fields(double))
        double.accept_connections()
        again = client.add(order_fields(double))

    assert isinstance(outcome, NotSent)
    assert isinstance(again, Accepted)


def test_same_idempotency_key_gives_the_same_order(double: ProviderDouble) -> None:
    double.settings(is_idempotent=True)

    with client_of(double) as client:
        outcomes = [client.add(order_fields(double), idempotency_key="order-7") for _ in range(2)]

    assert len({outcome.order_id for outcome in outcomes if isinstance(outcome, Accepted)}) == 1
    assert len(double.placed()) == 1


def test_lies_about_a_status_are_seen_as_what_they_are(double: ProviderDouble) -> None:
    with client_of(double) as client:
        added = client.add(order_fields(double))
        assert isinstance(added, Accepted)
        seen: dict[str, object] = {}
        for mode in (
            "missing_ids",
            "foreign_ids",
            "unknown_word",
            "remains_unknown",
            "remains_missing",
            "charge_null",
        ):
            double.fault("status", mode, times=1)
            reply = client.status([added.order_id, "1"])
            seen[mode] = reply.orders.get(added.order_id)

    assert seen["missing_ids"] is None
    assert isinstance(seen["foreign_ids"], OrderStatus)
    assert isinstance(seen["unknown_word"], OrderStatus)
    assert seen["unknown_word"].status is Status.UNKNOWN
    for mode in ("remains_unknown", "remains_missing"):
        order = seen[mode]
        assert isinstance(order, OrderStatus)
        assert order.remains is None
    assert isinstance(seen["charge_null"], OrderStatus)
    assert seen["charge_null"].charge is None


def test_rate_with_thousands_is_exact(double: ProviderDouble) -> None:
    number = double.service_of()["service"]
    double.patch_service(number, rate="1234.5")
    double.dialect(rates="thousands")

    with client_of(double) as client:
        rates = {row.service_id: row.rate for row in client.services().rows}

    assert rates[str(number)] == Decimal("1234.5")
