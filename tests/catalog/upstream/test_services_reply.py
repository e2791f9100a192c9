"""Every shape of catalog that providers send."""

import json
import time
from decimal import Decimal

import pytest

from catalog.upstream import BadReply, ErrorReply
from catalog.upstream.services_reply import plain_slices, read_rows
from tests.catalog.upstream.service_rows import ROW, ask, read


def test_last_of_two_rows_with_one_id_wins_and_is_told() -> None:
    reply = read([ROW, {**ROW, "service": "1", "rate": "2"}, {**ROW, "service": 2}])

    assert [(row.service_id, row.rate) for row in reply.rows] == [
        ("1", Decimal(2)),
        ("2", Decimal("0.90")),
    ]
    assert reply.duplicates == ("1",)
    assert reply.count == 3


def wrapped(tree: object) -> bytes:
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    "body",
    [
        wrapped([ROW]),
        wrapped({"data": [ROW]}),
        wrapped({"services": [ROW]}),
        wrapped({"status": "success", "data": {"services": [ROW]}}),
        wrapped({"0": ROW, "7": {**ROW, "service": 1}}),
        b"\xef\xbb\xbf" + wrapped([ROW]),
        b"\n\n  " + wrapped([ROW]),
        b"<br />\n<b>Warning</b>:  x[0] in <b>/a.php</b> on line <b>2</b><br />\n" + wrapped([ROW]),
        b"Notice: Undefined index: {a} in /a.php on line 3\n" + wrapped([ROW]),
        b"<br><b>Warning</b>: no end of line"
        + wrapped({"data": [ROW]}).replace(b'{"data"', b'>{"data"'),
    ],
)
def test_catalog_is_found_in_every_wrapping(body: bytes) -> None:
    assert {row.service_id for row in ask(body).rows} == {"1"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"status":"success","data":"Empty Data"}',
        b'{"data":[]}',
        b'{"services":[]}',
        b"\xef\xbb\xbf[ ]",
    ],
)
def test_catalog_that_is_said_to_be_empty_is_empty(body: bytes) -> None:
    reply = ask(body)

    assert (reply.rows, reply.count) == ((), 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'""',
        b"{}",
        b'{"data":null}',
        b'{"data":"Empty Data"}',
        b'{"status":"success"}',
        b"<html>Just a moment...</html>",
        b"<html><script>var a = [];</script></html>",
        b"<html>\n[]\n</html>",
        wrapped([ROW, ROW])[:-1],
        wrapped([ROW, ROW])[:-30],
        b"<b>Warning</b>: x on line <b>2</b>\n" + wrapped([ROW, {**ROW, "service": 2}])[:-1],
        wrapped({"data": [ROW]})[:-2],
        wrapped([ROW]) + wrapped([ROW]),
        b"[1,2,3]",
        b'["error"]',
        b"[" * 200_000,
        b'[{"a":' * 200_000,
    ],
)
def test_unreadable_catalog_is_no_empty_catalog(body: bytes) -> None:
    with pytest.raises(BadReply):
        ask(body)


@pytest.mark.parametrize("status", [301, 403, 404, 500, 503])
def test_catalog_with_a_bad_status_is_none(status: int) -> None:
    with pytest.raises(BadReply, match=f"HTTP {status}"):
        ask(wrapped([ROW]), status=status)


def test_error_instead_of_a_catalog_is_told() -> None:
    with pytest.raises(ErrorReply) as raised:
        ask(b'{"error":"Invalid API key"}')

    assert raised.value.text == "Invalid API key"
    assert raised.value.reason.is_ours


def test_row_with_a_known_digest_is_not_read_again() -> None:
    other = {**ROW, "service": 2}
    first = read([ROW, other])
    known = {row.digest: row.service_id for row in first.rows}

    again = ask(wrapped([{**other, "rate": "3"}, ROW]), known=known)

    assert again.unchanged == ("1",)
    assert [(row.service_id, row.rate) for row in again.rows] == [("2", Decimal(3))]
    assert again.service_ids == {"1", "2"}


def test_digest_of_a_wrapped_catalog_is_steady() -> None:
    body = wrapped({"data": [ROW]})

    known = {row.digest: row.service_id for row in ask(body).rows}

    assert ask(body, known=known).unchanged == ("1",)


def test_ten_thousand_rows_are_read_in_a_moment() -> None:
    body = wrapped(
        [{**ROW, "service": number, "rate": f"{number / 7:.5f}"} for number in range(10_000)]
    )

    started = time.process_time()
    reply = read_rows(plain_slices(body) or [], known={})
    first = time.process_time() - started
    known = {row.digest: row.service_id for row in reply.rows}
    started = time.process_time()
    again = read_rows(plain_slices(body) or [], known=known)
    second = time.process_time() - started

    assert (len(reply.rows), len(again.unchanged)) == (10_000, 10_000)
    assert first < 2  # seconds; it takes 0.13
    assert second < first
