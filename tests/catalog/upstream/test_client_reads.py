"""What the wire can do to a question, and the errors that come of it."""

import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog.upstream import (
    BadReply,
    Client,
    Endpoint,
    ErrorReply,
    Interrupted,
    OrderStatus,
    ProviderError,
    Throttled,
    TimedOut,
    Unreachable,
)
from tests.raw_provider import (
    BALANCE,
    KEY,
    Act,
    RawProvider,
    answer,
    client_of,
    free_port,
    hang,
    http,
    reset,
    say_and_close,
)


def test_questions_share_one_connection() -> None:
    with RawProvider(answer(BALANCE)) as provider, client_of(provider.url) as client:
        balances = [client.balance() for _ in range(3)]

    assert [str(balance.amount) for balance in balances] == ["100.84292"] * 3
    assert provider.connections == 1


def test_question_on_a_connection_that_the_provider_had_closed_is_asked_again() -> None:
    with RawProvider(say_and_close(http(BALANCE))) as provider, client_of(provider.url) as client:
        client.balance()
        assert not provider.wait(0.1)
        second = client.balance()

    assert str(second.amount) == "100.84292"
    assert provider.connections == 2


def test_bytes_that_nobody_asked_for_are_not_taken_for_the_next_answer() -> None:
    is_read, is_sent = threading.Event(), threading.Event()

    def answer_twice(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(http(BALANCE))
        is_read.wait(60)  # the second answer is not read together with the first
        connection.sendall(http(b'{"balance":"0","currency":"XXX"}'))
        is_sent.set()

    with RawProvider(answer_twice, answer(BALANCE)) as provider, client_of(provider.url) as client:
        client.balance()
        is_read.set()
        assert is_sent.wait(60)
        second = client.balance()

    assert (str(second.amount), second.currency) == ("100.84292", "USD")
    assert provider.connections == 2


def test_threads_may_share_a_client() -> None:
    def echo(connection: socket.socket, request: bytes) -> None:
        name = request.rpartition(b"order=")[2].decode()
        connection.sendall(
            http(f'{{"order":"{name}","status":"Pending","start_count":"{name}"}}'.encode())
        )

    with (
        RawProvider(echo) as provider,
        client_of(provider.url) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        replies = list(threads.map(lambda number: client.status([str(number)]), range(100)))

    counts = [
        order.start_count
        for reply in replies
        for order in reply.orders.values()
        if isinstance(order, OrderStatus)
    ]
    assert counts == list(range(100))
    assert provider.connections <= 8


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    with RawProvider(answer(BALANCE)) as provider, client_of(provider.url) as client:
        balance = client.balance()

    assert balance.currency == "USD"


def test_question_is_not_repeated_after_a_time_out() -> None:
    with (
        RawProvider(hang) as provider,
        client_of(provider.url, timeout=1) as client,
        pytest.raises(TimedOut),
    ):
        client.balance()

    assert len(provider.requests) == 1


def test_question_reaches_a_provider_that_is_back_a_moment_later() -> None:
    tries: list[str] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))  # and does not listen yet

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(http(BALANCE, headers="Connection: close\r\n"))

    server = threading.Thread(target=serve)

    def look_up(host: str, _port: int) -> list[str]:
        tries.append(host)
        if len(tries) == 2:
            listener.listen()
            server.start()
        return ["127.0.0.1"]

    url = f"http://provider.example:{listener.getsockname()[1]}/api/v2"
    endpoint = Endpoint(url=url, key=KEY, timeout=30, is_private_allowed=True)
    with listener, Client(endpoint, resolver=look_up) as client:
        balance = client.balance()
        server.join()

    assert tries == ["provider.example"] * 2
    assert str(balance.amount) == "100.84292"


def test_gzip_is_asked_for_and_understood_by_questions() -> None:
    act = answer(gzip.compress(BALANCE), headers="Content-Encoding: gzip\r\n")

    with RawProvider(act) as provider, client_of(provider.url) as client:
        balance = client.balance()

    assert balance.currency == "USD"
    assert b"Accept-Encoding: gzip\r\n" in provider.requests[0]


FAILURES: dict[str, tuple[Act, type[ProviderError]]] = {
    "reset": (reset, Interrupted),
    "cut off": (say_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), Interrupted),
    "hangs": (hang, TimedOut),
    "HTML": (answer(b"<html>maintenance</html>"), BadReply),
    "empty": (answer(b""), BadReply),
    "redirect": (answer(BALANCE, status=301, headers="Location: /x\r\n"), BadReply),
    "502": (answer(b"<html>", status=502), BadReply),
    "500 with the right shape": (answer(BALANCE, status=500), BadReply),
    "error": (answer(b'{"error":"Invalid API key"}'), ErrorReply),
    "error with 4xx": (answer(b'{"error":"Invalid API key"}', status=403), ErrorReply),
    "429": (answer(b"", status=429, headers="Retry-After: 3\r\n"), Throttled),
    "no balance": (answer(b'{"balance":"NaN"}'), BadReply),
}


@pytest.mark.parametrize(("act", "kind"), FAILURES.values(), ids=FAILURES)
def test_question_that_fails_raises_its_own_error(act: Act, kind: type[ProviderError]) -> None:
    with (
        RawProvider(act) as provider,
        client_of(provider.url, timeout=0.6 if act is hang else 30) as client,
        pytest.raises(kind) as raised,
    ):
        client.balance()

    assert type(raised.value) is kind
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert KEY not in str(raised.value)


def test_refused_connection_is_unreachable_to_a_question() -> None:
    with (
        client_of(f"http://127.0.0.1:{free_port()}/api/v2") as client,
        pytest.raises(Unreachable) as raised,
    ):
        client.balance()

    assert raised.value.is_sent is False


def test_reply_larger_than_32_mb_is_bad() -> None:
    def act(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[")
        for _ in range(40):
            connection.sendall(b" " * 1_048_576)

    with (
        RawProvider(act) as provider,
        client_of(provider.url, timeout=30) as client,
        pytest.raises(BadReply, match="larger than 33554432 bytes"),
    ):
        client.services()
