"""No bytes that a provider can send break the client or are taken for something definite that they
are not.
"""

import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.upstream import (
    AMBIGUOUS_PHRASES,
    Accepted,
    AddOutcome,
    Exchange,
    KeyMask,
    NotSent,
    ProviderError,
    Rejected,
    StatusReply,
    Unclear,
)
from catalog.upstream.add_reply import judge_add
from catalog.upstream.json_values import NotJSON, parse_loosely
from catalog.upstream.refill_and_cancel_replies import parse_refill_statuses, parse_taken
from catalog.upstream.services_reply import plain_slices, read_rows, slices_of
from catalog.upstream.status_reply import parse_statuses
from outbound.reply import Reply
from tests.raw_provider import FIELDS, KEY, RawProvider, client_of, http, say_and_close

NOTICE = (
    b"<br />\n<b>Warning</b>:  Undefined variable $order in <b>/var/www/api/v2.php</b>"
    b" on line <b>217</b><br />\n"
)
MASK = KeyMask(KEY)
WORDS = [
    "order",
    "orders",
    "error",
    "errors",
    "status",
    "success",
    "msg",
    "message",
    "detail",
    "order_id",
    "refill",
    "cancel",
    "remains",
    "charge",
    "data",
    "services",
    "service",
    "name",
    "rate",
    "min",
    "max",
    "1",
    "2",
    "3",
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 3),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "1",
            "2",
            "0",
            "error",
            "success",
            "Completed",
            "Partial",
            "Bad link",
            "try again",
            "Not enough funds",
            "Internal error",
            "Incorrect order ID",
            "NaN",
            "-1",
            "1e999",
        ]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=10,
)
TEXTS = TREES.map(lambda tree: json.dumps(tree).encode())
REFUSALS = st.dictionaries(st.sampled_from(WORDS[:10]), LEAVES, max_size=4).map(
    lambda tree: json.dumps(tree).encode()
)
BODIES = st.one_of(
    st.binary(max_size=200),
    TEXTS,
    REFUSALS,
    st.tuples(TEXTS, st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]]),
    st.tuples(st.binary(max_size=8), TEXTS, st.binary(max_size=8)).map(b"".join),
    st.tuples(TEXTS, TEXTS).map(b"".join),
    st.tuples(st.sampled_from([NOTICE, b"\xef\xbb\xbf", b"<br />\n"]), REFUSALS).map(b"".join),
)
STATUSES = st.one_of(st.sampled_from([200, 400, 429, 500]), st.integers(100, 999))


def judge(body: bytes, *, status: int) -> AddOutcome:
    reply = Reply(status=status, body=body, retry_after=None, exchange=Exchange(http_status=status))
    return judge_add(reply, mask=MASK)


@settings(max_examples=500, deadline=None)
@given(body=BODIES, status=STATUSES)
@example(body=b'{"order":5}', status=200)
@example(body=b'{"error":"Bad link"}', status=400)
def test_no_reply_but_the_two_forms_is_ever_definite(body: bytes, status: int) -> None:
    outcome = judge(body, status=status)

    if isinstance(outcome, Accepted):
        said = json.loads(body[body.index(b"{") :])
        assert status == 200
        assert str(said["order"]) == outcome.order_id
        assert type(said["order"]) in (int, str)
        assert re.fullmatch(r"0*[1-9][0-9]*", outcome.order_id, re.ASCII)
        assert not {"error", "errors"} & said.keys()
    elif isinstance(outcome, Rejected):
        said = json.loads(body.removeprefix(b"\xef\xbb\xbf"))
        assert 200 <= status < 300 or 400 <= status < 500
        assert status != 429
        assert "order" not in said
        assert outcome.text
        assert not any(word in json.dumps(said).casefold() for word in ("internal", "try again"))
    elif isinstance(outcome, NotSent):
        assert status == 429
    else:
        assert isinstance(outcome, Unclear)


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_no_bytes_break_the_reading_of_a_catalog(body: bytes) -> None:
    try:
        reply = read_rows(plain_slices(body) or slices_of(parse_loosely(body)), known={})
    except NotJSON:
        return

    for row in reply.rows:
        assert row.rate.is_finite()
        assert row.rate >= 0
        assert 0 <= row.min <= row.max < 10**12
        assert "\0" not in row.name
        row.name.encode()


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
@example(
    body=b'{"1":{"status":"Completed","charge":1e9999999,"remains":-1e9999999},"2":{"status":"Completed"}}'
)
def test_no_bytes_break_the_reading_of_statuses(body: bytes) -> None:
    try:
        tree = parse_loosely(body)
    except NotJSON:
        return

    for ids in (["1"], ["1", "2"]):
        reply = parse_statuses(tree, ids=ids, raw=Exchange())

        assert set(reply.orders) | set(reply.missing) == set(ids)
        assert not set(reply.orders) & set(reply.missing)


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_no_bytes_break_the_reading_of_aftercare(body: bytes) -> None:
    try:
        tree = parse_loosely(body)
    except NotJSON:
        return

    for ids in (["1"], ["1", "2"]):
        for action in ("refill", "cancel"):
            answered = parse_taken(
                tree, action=action, ids=ids, raw=Exchange(), ambiguous_phrases=AMBIGUOUS_PHRASES
            )
            assert set(answered.results) | set(answered.missing) == set(ids)
        reply = parse_refill_statuses(tree, ids=ids, raw=Exchange())
        assert set(reply.refills) | set(reply.missing) == set(ids)


@settings(max_examples=150, deadline=None)
@given(
    response=st.one_of(
        st.binary(max_size=200),
        st.tuples(st.just(b"HTTP/1.1 200 OK\r\n"), st.binary(max_size=100)).map(b"".join),
        st.tuples(BODIES, st.integers(0, 300)).map(lambda cut: http(cut[0])[: cut[1]]),
        BODIES.map(lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body),
        BODIES.map(lambda body: b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body),
    )
)
def test_no_bytes_on_the_wire_break_a_call(response: bytes) -> None:
    with RawProvider(say_and_close(response)) as provider, client_of(provider.url) as client:
        outcome = client.add(FIELDS)
        try:
            reply = client.status(["1", "2"])
        except ProviderError:
            reply = None

    assert isinstance(outcome, (Accepted, Rejected, NotSent, Unclear))
    assert isinstance(outcome, Unclear) or outcome.raw.http_status is not None
    assert reply is None or isinstance(reply, StatusReply)
