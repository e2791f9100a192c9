"""What the wire can do to an `add`, and what the client then says of it."""

import gzip
import socket
import time
from pathlib import Path

import pytest

from catalog.upstream import Accepted, NotSent, Unclear
from tests.raw_provider import (
    FIELDS,
    KEY,
    PLACED,
    Act,
    RawProvider,
    answer,
    client_of,
    drip,
    hang,
    http,
    make_certificate,
    reset,
    say,
    say_and_close,
)


def test_add_sends_one_form_on_a_connection_that_is_closed_after() -> None:
    with RawProvider(answer(PLACED)) as provider, client_of(provider.url) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, Accepted)
    assert outcome.order_id == "23501"
    assert outcome.raw.http_status == 200
    assert outcome.raw.body == '{"order":23501}'
    head, _, body = provider.requests[0].decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[0] == "POST /api/v2 HTTP/1.1"
    assert lines.count(f"Host: 127.0.0.1:{provider.port}") == 1
    assert lines.count("Connection: close") == 1
    assert body == (
        f"key={KEY}&action=add&service=1&link=https%3A%2F%2Fexample.org%2Fp%3Fa%3D1%26b%3D2&quantity=100"
    )
    assert len(provider.requests) == 1


def test_two_adds_never_share_a_connection() -> None:
    with RawProvider(answer(PLACED)) as provider, client_of(provider.url) as client:
        client.add(FIELDS)
        client.add(FIELDS)

    assert provider.connections == 2


def test_idempotency_key_goes_along_only_when_given() -> None:
    with RawProvider(answer(PLACED)) as provider, client_of(provider.url) as client:
        client.add(FIELDS, idempotency_key="order-7")
        client.add(FIELDS)

    assert b"Idempotency-Key: order-7\r\n" in provider.requests[0]
    assert provider.requests[0].endswith(b"&idempotency_key=order-7")
    assert b"dempotency" not in provider.requests[1]


def test_before_send_runs_when_the_connection_is_up_and_no_byte_has_left(tmp_path: Path) -> None:
    tls, ca_file = make_certificate(tmp_path)
    seen: list[tuple[int, int]] = []

    with (
        RawProvider(answer(PLACED), tls=tls) as provider,
        client_of(provider.url, ca_file=ca_file) as client,
    ):
        outcome = client.add(
            FIELDS, before_send=lambda: seen.append((provider.connections, len(provider.requests)))
        )

    assert isinstance(outcome, Accepted)
    assert seen == [(1, 0)]


def test_what_before_send_raises_is_raised_on_and_no_byte_leaves() -> None:
    class LeaseIsOver(Exception):
        pass

    def stop() -> None:
        raise LeaseIsOver

    with (
        RawProvider(answer(PLACED)) as provider,
        client_of(provider.url) as client,
        pytest.raises(LeaseIsOver),
    ):
        client.add(FIELDS, before_send=stop)

    assert provider.connections == 1
    assert provider.requests == []


def test_deadline_that_passes_in_before_send_is_not_sent() -> None:
    with RawProvider(answer(PLACED)) as provider, client_of(provider.url, timeout=0.2) as client:
        outcome = client.add(FIELDS, before_send=lambda: time.sleep(0.3))

    assert isinstance(outcome, NotSent)
    assert provider.requests == []


AFTER_THE_BYTES: dict[str, Act] = {
    "reset": reset,
    "closed without a byte": say_and_close(b""),
    "hangs": hang,
    "not HTTP": say_and_close(b"220 mail.example ESMTP\r\n"),
    "half a status line": say_and_close(b"HTTP/1."),
    "cut off inside the headers": say_and_close(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut off inside the body": say_and_close(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + PLACED
    ),
    "cut off inside a chunk": say_and_close(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + PLACED
    ),
    "bad chunk length": say_and_close(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + PLACED
    ),
    "bad length": say_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 15, 16\r\n\r\n" + PLACED),
    "truncated JSON": answer(PLACED[:-1]),
    "empty": answer(b""),
    "HTML": answer(b"<!DOCTYPE html><title>Just a moment...</title>"),
    "redirect": answer(PLACED, status=302, headers="Location: http://127.0.0.1:1/\r\n"),
    "500 with an order": answer(PLACED, status=500),
    "502": answer(b"<html>Bad gateway</html>", status=502),
    "503 with an error": answer(b'{"error":"Bad link"}', status=503),
    "larger than 64 KB": answer(b'{"order":1,"x":"' + b"x" * 70_000 + b'"}'),
    "broken gzip": answer(PLACED, headers="Content-Encoding: gzip\r\n"),
    "gzip bomb": answer(
        gzip.compress(b" " * 20_000_000 + PLACED), headers="Content-Encoding: gzip\r\n"
    ),
}


@pytest.mark.parametrize("act", AFTER_THE_BYTES.values(), ids=AFTER_THE_BYTES)
def test_whatever_goes_wrong_after_the_first_byte_is_unclear_and_sent_once(act: Act) -> None:
    timeout = 1 if act is hang else 30  # seconds; no other act lets anybody wait

    with RawProvider(act) as provider, client_of(provider.url, timeout=timeout) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, Unclear)
    assert len(provider.requests) == 1
    assert provider.connections == 1


DRIPS: dict[str, tuple[bytes, int]] = {
    "headers": (http(PLACED), 0),
    "body": (PLACED, len(http(PLACED)) - len(PLACED)),
}


@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_slow_drip_ends_at_the_one_deadline(part: str, is_tls: bool, tmp_path: Path) -> None:
    whole = http(PLACED)
    at_once = whole[: DRIPS[part][1]]
    tls, ca_file = make_certificate(tmp_path)

    def act(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(at_once)
        drip(whole[len(at_once) :], pause=0.2)(connection, _request)

    with (
        RawProvider(act, tls=tls if is_tls else None) as provider,
        client_of(provider.url, timeout=1.2, ca_file=ca_file) as client,
    ):
        started = time.monotonic()
        outcome = client.add(FIELDS)
        took = time.monotonic() - started

    assert isinstance(outcome, Unclear)
    assert outcome.detail == "no complete reply in time"
    assert took > 1.1  # and not until the last byte: it would have been accepted
    assert outcome.raw.http_status == (200 if part == "body" else None)


def test_endless_continue_responses_end_at_the_deadline() -> None:
    def act(connection: socket.socket, _request: bytes) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)

    with RawProvider(act) as provider, client_of(provider.url, timeout=1) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, Unclear)
    assert outcome.detail == "no complete reply in time"


def test_what_came_before_a_time_out_is_kept_for_staff() -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + PLACED

    with RawProvider(say(response)) as provider, client_of(provider.url, timeout=1) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, Unclear)
    assert (outcome.raw.http_status, outcome.raw.body) == (200, '{"order":23501}')
    assert outcome.raw.elapsed > 0.9


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ("Retry-After: 7\r\n", 7.0),
        (
            "Date: Tue, 04 Aug 2026 10:00:00 GMT\r\nRetry-After: Tue, 04 Aug 2026 10:01:30 GMT\r\n",
            90.0,
        ),
        (
            "Date: Tue, 04 Aug 2026 10:00:00 GMT\r\nRetry-After: Tue, 04 Aug 2026 09:00:00 GMT\r\n",
            0.0,
        ),
        ("Retry-After: 99999999999999999999\r\n", 86_400.0),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ],
)
def test_429_is_not_sent_and_tells_how_long_to_wait(headers: str, seconds: float | None) -> None:
    act = answer(b'{"error":"Too many requests"}', status=429, headers=headers)

    with RawProvider(act) as provider, client_of(provider.url) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert (outcome.is_429, outcome.retry_after) == (True, seconds)
