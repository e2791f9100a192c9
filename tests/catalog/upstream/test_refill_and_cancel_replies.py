"""Every shape of `refill`, `refill_status` and `cancel` that providers send."""

import json

import pytest

from catalog.upstream import (
    Answered,
    BatchOutcome,
    ErrorReply,
    IdError,
    NotSent,
    Reason,
    RefillState,
    RefillStatus,
    Rejected,
    Taken,
    Unclear,
)
from tests.raw_provider import Act, RawProvider, answer, client_of, free_port, reset, say_and_close

WRONG = IdError("Incorrect order ID")


def send(action: str, tree: object, *ids: str, status: int = 200) -> BatchOutcome:
    return send_to(answer(json.dumps(tree).encode(), status=status), action, *ids)


def send_to(act: Act, action: str, *ids: str) -> BatchOutcome:
    with RawProvider(act) as provider, client_of(provider.url) as client:
        outcome = client.refill(ids) if action == "refill" else client.cancel(ids)
    assert len(provider.requests) == 1
    return outcome


def test_forms_are_as_documented() -> None:
    with RawProvider(answer(b"[]")) as provider, client_of(provider.url) as client:
        client.refill(["1"])
        client.refill(["1", "2"])
        client.cancel(["1"])
        client.refill_status(["7"])
        client.refill_status(["7", "8"])

    fields = [request.rpartition(b"&action=")[2] for request in provider.requests]
    assert fields == [
        b"refill&order=1",
        b"refill&orders=1%2C2",
        b"cancel&orders=1",
        b"refill_status&refill=7",
        b"refill_status&refills=7%2C8",
    ]


REFILLS: dict[str, tuple[object, tuple[str, ...], dict[str, object], tuple[str, ...]]] = {
    "single": ({"refill": "1"}, ("9",), {"9": Taken("1")}, ()),
    "single number": ({"refill": 1}, ("9",), {"9": Taken("1")}, ()),
    "single with a word id": ({"refill": "r-17"}, ("9",), {"9": Taken("r-17")}, ()),
    "single without id": ({"status": "success"}, ("9",), {"9": Taken()}, ()),
    "single true": ({"refill": True}, ("9",), {"9": Taken()}, ()),
    "single error": ({"error": "Incorrect order ID"}, ("9",), {"9": WRONG}, ()),
    "single nested error": ({"refill": {"error": "Incorrect order ID"}}, ("9",), {"9": WRONG}, ()),
    "documented list": (
        [{"order": 1, "refill": 1}, {"order": 3, "refill": {"error": "Incorrect order ID"}}],
        ("1", "3"),
        {"1": Taken("1"), "3": WRONG},
        (),
    ),
    "list with text": (
        [{"order": "1", "refill": "5"}, {"order": "2", "error": "Incorrect order ID"}],
        ("1", "2"),
        {"1": Taken("5"), "2": WRONG},
        (),
    ),
    "bare text error": (
        [{"order": 1, "refill": "Incorrect order ID"}, {"order": 2, "refill": 5}],
        ("1", "2"),
        {"1": WRONG, "2": Taken("5")},
        (),
    ),
    "by id": ({"1": {"refill": 5}, "2": 6}, ("1", "2"), {"1": Taken("5"), "2": Taken("6")}, ()),
    "list without order": (
        [{"order": 1, "refill": 5}, {"refill": 6}],
        ("1", "2"),
        {"1": Taken("5")},
        ("2",),
    ),
    "foreign ids": (
        [{"order": 1, "refill": 5}, {"order": 8, "refill": 6}],
        ("1", "2"),
        {"1": Taken("5")},
        ("2",),
    ),
    "error in a number": ({"refill": "error-5"}, ("9",), {"9": IdError("error-5")}, ()),
    "number of an object": (
        {"refill": {"id": 5, "status": "Pending"}},
        ("9",),
        {"9": Taken("5")},
        (),
    ),
    "refill_id": ({"refill_id": 5}, ("9",), {"9": Taken("5")}, ()),
    "all taken": ({"status": "success"}, ("1", "2"), {"1": Taken(), "2": Taken()}, ()),
}


@pytest.mark.parametrize(("tree", "ids", "results", "missing"), REFILLS.values(), ids=REFILLS)
def test_refill(
    tree: object, ids: tuple[str, ...], results: dict[str, object], missing: tuple[str, ...]
) -> None:
    outcome = send("refill", tree, *ids)

    assert isinstance(outcome, Answered)
    assert (dict(outcome.results), outcome.missing) == (results, missing)


CANCELS: dict[str, tuple[object, tuple[str, ...], dict[str, object], tuple[str, ...]]] = {
    "documented list": (
        [{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}],
        ("9", "2"),
        {"9": WRONG, "2": Taken()},
        (),
    ),
    "one object": ({"cancel": 1}, ("9",), {"9": Taken()}, ()),
    "one object for several": ({"cancel": 1}, ("9", "2"), {"9": Taken(), "2": Taken()}, ()),
    "success": ({"status": "success"}, ("9", "2"), {"9": Taken(), "2": Taken()}, ()),
    "list without order": ([{"cancel": 1}], ("9",), {"9": Taken()}, ()),
    "null order": (
        [{"order": None, "cancel": 1}, {"order": None, "cancel": {"error": "Incorrect order ID"}}],
        ("9", "2"),
        {"9": Taken(), "2": WRONG},
        (),
    ),
    "short list without order": (
        [{"cancel": 1}, {"order": 2, "cancel": 1}],
        ("9", "2", "3"),
        {"2": Taken()},
        ("9", "3"),
    ),
    "text": (
        [{"order": "9", "cancel": "1"}, {"order": "2", "cancel": "true"}],
        ("9", "2"),
        {"9": Taken(), "2": Taken()},
        (),
    ),
    "no": ([{"order": 9, "cancel": 0}], ("9",), {"9": IdError("not canceled")}, ()),
    "error": ({"error": "Incorrect order ID"}, ("9",), {"9": WRONG}, ()),
    "error for one": ([{"order": 9, "error": "Incorrect order ID"}], ("9",), {"9": WRONG}, ()),
    "by id": (
        {"9": {"cancel": 1}, "2": "Incorrect order ID"},
        ("9", "2"),
        {"9": Taken(), "2": WRONG},
        (),
    ),
    "number of the cancellation": (
        [{"order": 9, "cancel": 5512}, {"order": 2, "cancel": "C-17"}],
        ("9", "2"),
        {"9": Taken(), "2": Taken()},
        (),
    ),
    "one number": ({"cancel": 5512}, ("9",), {"9": Taken()}, ()),
    "object with a number": (
        [{"order": 9, "cancel": {"id": 5512}}, {"order": 2, "cancel": {"status": "fail"}}],
        ("9", "2"),
        {"9": Taken()},
        ("2",),
    ),
    "negative": (
        [{"order": 9, "cancel": -1}, {"order": 2, "cancel": 1}],
        ("9", "2"),
        {"2": Taken()},
        ("9",),
    ),
    "text ids": ([{"order": "ORD-9", "cancel": 1}], ("ORD-9",), {"ORD-9": Taken()}, ()),
    "doubtful": (
        [{"order": 9, "cancel": {"error": "Try again"}}],
        ("9",),
        {"9": IdError("Try again", is_ambiguous=True)},
        (),
    ),
}


@pytest.mark.parametrize(("tree", "ids", "results", "missing"), CANCELS.values(), ids=CANCELS)
def test_cancel(
    tree: object, ids: tuple[str, ...], results: dict[str, object], missing: tuple[str, ...]
) -> None:
    outcome = send("cancel", tree, *ids)

    assert isinstance(outcome, Answered)
    assert (dict(outcome.results), outcome.missing) == (results, missing)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        [],
        None,
        5,
        {"refill": "5"},
        {"refill": 0},
        {"cancel": 5512},
        {"status": "success", "data": [{"x": 1}]},
        {"error": "Internal error"},
        {"status": "error"},
        [{"refill": 5}, {"refill": 6}],
    ],
)
def test_refill_reply_that_names_no_order_of_several_is_unclear(tree: object) -> None:
    assert isinstance(send("refill", tree, "1", "2"), Unclear)


UNCLEAR: dict[str, Act] = {
    "reset": reset,
    "closed": say_and_close(b""),
    "HTML": answer(b"<html>"),
    "truncated": answer(b'[{"order":1,"cancel":1},{"order":2,"canc'),
    "500": answer(b'[{"order":1,"cancel":1}]', status=500),
    "404": answer(b'{"cancel":1}', status=404),
    "503 with an error": answer(b'{"error":"No"}', status=503),
    "redirect": answer(b'{"cancel":1}', status=302, headers="Location: /\r\n"),
}


@pytest.mark.parametrize("act", UNCLEAR.values(), ids=UNCLEAR)
@pytest.mark.parametrize("action", ["refill", "cancel"])
def test_broken_answer_is_unclear_and_sent_once(act: Act, action: str) -> None:
    assert isinstance(send_to(act, action, "1", "2"), Unclear)


def test_refused_connection_and_429_are_not_sent() -> None:
    with client_of(f"http://127.0.0.1:{free_port()}/") as client:
        unreachable = client.cancel(["1"])
    throttled = send_to(answer(b"", status=429, headers="Retry-After: 9\r\n"), "refill", "1")

    assert isinstance(unreachable, NotSent)
    assert isinstance(throttled, NotSent)
    assert (throttled.is_429, throttled.retry_after) == (True, 9.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("Invalid API key", Reason.BAD_KEY), ("Cancel is disabled", Reason.CUSTOMER)],
)
def test_error_about_a_whole_batch_is_refused(text: str, reason: Reason) -> None:
    outcome = send("cancel", {"error": text}, "1", "2")

    assert isinstance(outcome, Rejected)
    assert (outcome.text, outcome.reason) == (text, reason)


def test_bad_key_is_no_word_about_the_one_order() -> None:
    assert isinstance(send("refill", {"error": "Invalid API key"}, "1"), Rejected)


REFILL_STATUSES: dict[str, tuple[object, tuple[str, ...], dict[str, object], tuple[str, ...]]] = {
    "single": (
        {"status": "Completed"},
        ("1",),
        {"1": RefillStatus(RefillState.COMPLETED, "Completed")},
        (),
    ),
    "single nested": (
        {"refill": {"status": "Rejected"}},
        ("1",),
        {"1": RefillStatus(RefillState.REJECTED, "Rejected")},
        (),
    ),
    "nested status": (
        {"status": {"status": "Pending"}},
        ("1",),
        {"1": RefillStatus(RefillState.PENDING, "Pending")},
        (),
    ),
    "single error": ({"error": "Refill not found"}, ("1",), {"1": IdError("Refill not found")}, ()),
    "documented list": (
        [
            {"refill": 1, "status": "Completed"},
            {"refill": "2", "status": "In progress"},
            {"refill": 3, "status": {"error": "Refill not found"}},
        ],
        ("1", "2", "3", "4"),
        {
            "1": RefillStatus(RefillState.COMPLETED, "Completed"),
            "2": RefillStatus(RefillState.IN_PROGRESS, "In progress"),
            "3": IdError("Refill not found"),
        },
        ("4",),
    ),
    "nested in a list": (
        [{"refill": 1, "status": {"status": "Canceled"}}],
        ("1", "2"),
        {"1": RefillStatus(RefillState.CANCELED, "Canceled")},
        ("2",),
    ),
    "by id": (
        {"1": {"status": "Failed"}, "2": "Refill not found"},
        ("1", "2"),
        {"1": RefillStatus(RefillState.FAILED, "Failed"), "2": IdError("Refill not found")},
        (),
    ),
    "unknown word": (
        [{"refill": 1, "status": "Dreaming"}],
        ("1",),
        {"1": RefillStatus(RefillState.UNKNOWN, "Dreaming")},
        (),
    ),
    "empty": ([], ("1",), {}, ("1",)),
}


@pytest.mark.parametrize(
    ("tree", "ids", "refills", "missing"), REFILL_STATUSES.values(), ids=REFILL_STATUSES
)
def test_refill_status(
    tree: object, ids: tuple[str, ...], refills: dict[str, object], missing: tuple[str, ...]
) -> None:
    with (
        RawProvider(answer(json.dumps(tree).encode())) as provider,
        client_of(provider.url) as client,
    ):
        reply = client.refill_status(ids)

    assert (dict(reply.refills), reply.missing) == (refills, missing)


def test_error_about_the_call_is_raised_by_refill_status() -> None:
    with (
        RawProvider(answer(b'{"error":"Invalid API key"}')) as provider,
        client_of(provider.url) as client,
        pytest.raises(ErrorReply),
    ):
        client.refill_status(["1", "2"])
