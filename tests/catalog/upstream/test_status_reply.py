"""Every shape of `status` and `balance` that providers send."""

import json
from decimal import Decimal

import pytest

from catalog.upstream import (
    BadReply,
    Balance,
    ErrorReply,
    IdError,
    OrderStatus,
    ProviderError,
    Reason,
    Status,
    StatusReply,
)
from tests.raw_provider import RawProvider, answer, client_of

ENTRY = {
    "charge": "0.27819",
    "start_count": "3572",
    "status": "Partial",
    "remains": "157",
    "currency": "USD",
}
READ = OrderStatus(
    status=Status.PARTIAL,
    word="Partial",
    charge=Decimal("0.27819"),
    currency="USD",
    start_count=3572,
    remains=157,
    remains_text="157",
)


def ask(tree: object, *ids: str, status: int = 200) -> StatusReply:
    with (
        RawProvider(answer(json.dumps(tree).encode(), status=status)) as provider,
        client_of(provider.url) as client,
    ):
        return client.status(ids)


def read_one(**changes: object) -> OrderStatus:
    entry = {name: value for name, value in {**ENTRY, **changes}.items() if value is not ...}
    found = ask({"1": entry, "2": ENTRY}, "1", "2").orders["1"]
    assert isinstance(found, OrderStatus)
    return found


def test_one_id_is_asked_for_in_the_single_form_and_several_together() -> None:
    with (
        RawProvider(answer(json.dumps(ENTRY).encode())) as provider,
        client_of(provider.url) as client,
    ):
        client.status(["5"])
        client.status(["5", "6", "5"])

    assert provider.requests[0].endswith(b"&action=status&order=5")
    assert provider.requests[1].endswith(b"&action=status&orders=5%2C6")


def test_documented_replies_are_read_exactly() -> None:
    single = ask(ENTRY, "1")
    several = ask(
        {"1": ENTRY, "10": {"error": "Incorrect order ID"}, "100": ENTRY}, "1", "10", "100"
    )

    assert single.orders == {"1": READ}
    assert several.orders == {"1": READ, "10": IdError("Incorrect order ID"), "100": READ}
    assert (several.missing, several.ignored) == ((), 0)


SHAPES: dict[str, tuple[object, dict[str, object], tuple[str, ...], int]] = {
    "bare string error": (
        {"1": ENTRY, "2": "Incorrect order ID"},
        {"1": READ, "2": IdError("Incorrect order ID")},
        (),
        0,
    ),
    "list with order": (
        [{"order": 2, **ENTRY}, {"order": "1", **ENTRY}],
        {"1": READ, "2": READ},
        (),
        0,
    ),
    "list with an error": (
        [{"order": 1, **ENTRY}, {"order": 2, "error": "Incorrect order ID"}],
        {"1": READ, "2": IdError("Incorrect order ID")},
        (),
        0,
    ),
    "list without order": ([ENTRY, ENTRY], {}, ("1", "2"), 0),
    "empty list": ([], {}, ("1", "2"), 0),
    "empty object": ({}, {}, ("1", "2"), 0),
    "one left out": ({"2": ENTRY}, {"2": READ}, ("1",), 0),
    "null and empty entries": ({"1": None, "2": []}, {}, ("1", "2"), 0),
    "foreign ids": ({"1": ENTRY, "3": ENTRY, "x": 1}, {"1": READ}, ("2",), 2),
    "flat for several": (ENTRY, {}, ("1", "2"), 5),
    "flat with its order": ({"order": 2, **ENTRY}, {"2": READ}, ("1",), 0),
    "failed as status word": (
        {"1": {"status": "error", "message": "No such order"}},
        {"1": IdError("No such order")},
        ("2",),
        0,
    ),
    "error beside entries": ({"1": ENTRY, "error": "some were not found"}, {"1": READ}, ("2",), 1),
}


@pytest.mark.parametrize(("tree", "orders", "missing", "ignored"), SHAPES.values(), ids=SHAPES)
def test_reply_about_several_ids(
    tree: object, orders: dict[str, object], missing: tuple[str, ...], ignored: int
) -> None:
    reply = ask(tree, "1", "2")

    assert dict(reply.orders) == orders
    assert (reply.missing, reply.ignored) == (missing, ignored)


SINGLES: dict[str, tuple[object, dict[str, object], tuple[str, ...]]] = {
    "flat": (ENTRY, {"1": READ}, ()),
    "flat with its order": ({"order": "1", **ENTRY}, {"1": READ}, ()),
    "flat with a foreign order": ({"order": "2", **ENTRY}, {}, ("1",)),
    "by id": ({"1": ENTRY}, {"1": READ}, ()),
    "list": ([{"order": 1, **ENTRY}], {"1": READ}, ()),
    "list without order": ([ENTRY], {"1": READ}, ()),
    "foreign list": ([{"order": 2, **ENTRY}], {}, ("1",)),
    "error": ({"error": "Incorrect order ID"}, {"1": IdError("Incorrect order ID")}, ()),
    "error by status": (
        {"status": "error", "msg": "Order not found"},
        {"1": IdError("Order not found")},
        (),
    ),
    "empty": ([], {}, ("1",)),
}


@pytest.mark.parametrize(("tree", "orders", "missing"), SINGLES.values(), ids=SINGLES)
def test_reply_about_one_id(
    tree: object, orders: dict[str, object], missing: tuple[str, ...]
) -> None:
    reply = ask(tree, "1")

    assert dict(reply.orders) == orders
    assert reply.missing == missing


STATUS_WORDS: list[tuple[object, Status]] = [
    ("Pending", Status.PENDING),
    ("AWAITING", Status.PENDING),
    ("Queued", Status.PENDING),
    ("Processing", Status.PROCESSING),
    ("In progress", Status.IN_PROGRESS),
    ("Inprogress", Status.IN_PROGRESS),
    ("in_progress", Status.IN_PROGRESS),
    ("IN-PROGRESS", Status.IN_PROGRESS),
    ("Completed", Status.COMPLETED),
    ("complete", Status.COMPLETED),
    ("Partial", Status.PARTIAL),
    ("Partially refunded", Status.PARTIAL),
    ("Canceled", Status.CANCELED),
    ("Cancelled", Status.CANCELED),
    ("Refunded", Status.CANCELED),
    ("Fail", Status.FAILED),
    ("Failed", Status.FAILED),
    ("Error", Status.FAILED),
    ("Active", Status.ACTIVE),
    ("Paused", Status.PAUSED),
    ("Expired", Status.EXPIRED),
    ("Teleported", Status.UNKNOWN),
    ("", Status.UNKNOWN),
    (None, Status.UNKNOWN),
    (7, Status.UNKNOWN),
    (["Completed"], Status.UNKNOWN),
]


def test_status_words_are_folded_and_kept() -> None:
    found = [(word, read_one(status=word)) for word, _ in STATUS_WORDS]

    assert [(word, each.status) for word, each in found] == STATUS_WORDS
    assert [each.word for _, each in found] == [
        str(word) if isinstance(word, str | int) else "" for word, _ in STATUS_WORDS
    ]


@pytest.mark.parametrize(
    ("sent", "remains"),
    [
        ("157", 157),
        (157, 157),
        ("157.0", 157),
        ("1,570", 1570),
        ("1.000", None),  # 1 or 1000
        ("1.570", None),
        ("1.000.000", 1_000_000),
        ("1 570", 1570),
        ("-5", -5),
        (0, 0),
        ("99999999", 99_999_999),
        ("", None),
        (None, None),
        (..., None),
        ("Unknown", None),
        ("1.5", None),
        (True, None),
        ("NaN", None),
        ("9" * 40, None),
    ],
)
def test_remains_is_a_number_or_not_known(sent: object, remains: int | None) -> None:
    assert read_one(remains=sent).remains == remains


def test_remains_is_kept_as_sent() -> None:
    assert read_one(remains="Unknown").remains_text == "Unknown"


@pytest.mark.parametrize(
    ("sent", "charge"),
    [
        ("0.27819", "0.27819"),
        (0.5, "0.5"),
        (1, "1"),
        ("", None),
        (None, None),
        (..., None),
        ("-1", None),
        ("x", None),
        ("0,27819", "0.27819"),
        ("1.125", "1.125"),
        ("1,125", None),
        ("1.234,50", "1234.50"),
    ],
)
def test_charge_is_exact_or_not_known(sent: object, charge: str | None) -> None:
    assert read_one(charge=sent).charge == (None if charge is None else Decimal(charge))


@pytest.mark.parametrize(
    ("sent", "charge"),
    [
        ("999999999999", "999999999999"),
        ("999,999,999,999.00000000", "999999999999"),
        ("999999999999.999999999", None),  # would be rounded up to it
        (10**12, None),
        ("1000000000000.00000000", None),
        (1e12, None),
    ],
)
def test_charge_that_would_not_fit_the_database_is_not_known(
    sent: object, charge: str | None
) -> None:
    assert read_one(charge=sent).charge == (None if charge is None else Decimal(charge))


@pytest.mark.parametrize(
    ("sent", "count"), [("3572", 3572), (0, 0), ("", None), (None, None), (..., None), ("-3", None)]
)
def test_start_count_is_a_number_or_not_known(sent: object, count: int | None) -> None:
    assert read_one(start_count=sent).start_count == count


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Invalid API key", Reason.BAD_KEY),
        ("API key not found", Reason.BAD_KEY),
        ("Internal error", Reason.CUSTOMER),
        ("Nope", Reason.CUSTOMER),
    ],
)
@pytest.mark.parametrize("ids", [("1",), ("1", "2")])
def test_error_about_the_call_is_raised(text: str, reason: Reason, ids: tuple[str, ...]) -> None:
    with pytest.raises(ErrorReply) as raised:
        ask({"error": text}, *ids, status=400)

    assert (raised.value.text, raised.value.reason) == (text, reason)


def test_incorrect_order_id_for_a_whole_batch_is_no_word_about_each() -> None:
    with pytest.raises(ErrorReply):
        ask({"error": "Incorrect order ID"}, "1", "2")


@pytest.mark.parametrize("front", [b"", b"<b>Warning</b>: x\n"])
def test_tail_of_a_truncated_list_of_lines_is_not_read_as_a_reply(front: bytes) -> None:
    rows = json.dumps([{"order": 1, **ENTRY}, {"order": 2, **ENTRY}], indent=1).encode()
    # what is left ends with a whole object on lines of its own
    body = front + rows.removesuffix(b"]").rstrip()

    with (
        RawProvider(answer(body)) as provider,
        client_of(provider.url) as client,
        pytest.raises(BadReply),
    ):
        client.status(["2"])


def test_reply_that_begins_as_json_is_not_searched_for_another() -> None:
    body = b'[{"note":"<br>{"order":"2","status":"Completed"}'

    with (
        RawProvider(answer(body)) as provider,
        client_of(provider.url) as client,
        pytest.raises(BadReply),
    ):
        client.status(["2"])


def test_noise_in_front_is_skipped_but_a_truncated_list_is_not_read_from_its_tail() -> None:
    body = json.dumps([{"order": 1, **ENTRY}, {"order": 2, **ENTRY}]).encode()

    acts = (answer(b"<b>Warning</b>: x\n" + body), answer(body[:-1]))
    with RawProvider(*acts) as provider, client_of(provider.url) as client:
        first = client.status(["1", "2"])
        with pytest.raises(ProviderError):
            client.status(["1", "2"])

    assert dict(first.orders) == {"1": READ, "2": READ}


@pytest.mark.parametrize("ids", [[], [str(number) for number in range(101)], ["1,2"], [""], [" "]])
def test_ids_that_fit_no_call_are_a_mistake_of_ours(ids: list[str]) -> None:
    with client_of("http://127.0.0.1:1/") as client, pytest.raises(ValueError, match=r"ids? "):
        client.status(ids)


@pytest.mark.parametrize(
    ("tree", "balance"),
    [
        ({"balance": "100.84292", "currency": "USD"}, Balance(Decimal("100.84292"), "USD")),
        ({"balance": 5, "currency": "EUR"}, Balance(Decimal(5), "EUR")),
        ({"balance": "1,234.56"}, Balance(Decimal("1234.56"), "")),
        ({"balance": "-3.5", "currency": None}, Balance(Decimal("-3.5"), "")),
        (
            {"status": "success", "data": {"balance": 0.1, "currency": "USD"}},
            Balance(Decimal("0.1"), "USD"),
        ),
    ],
)
def test_balance_is_exact(tree: object, balance: Balance) -> None:
    with (
        RawProvider(answer(json.dumps(tree).encode())) as provider,
        client_of(provider.url) as client,
    ):
        assert client.balance() == balance


def test_balance_beyond_all_bounds_is_none() -> None:
    with (
        RawProvider(answer(b'{"balance":1e9999999}')) as provider,
        client_of(provider.url) as client,
        pytest.raises(ProviderError, match="the reply holds no balance"),
    ):
        client.balance()
