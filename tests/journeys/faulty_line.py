"""A line between two panels that loses, cuts, delays and repeats what is said on it; an HTTP proxy
with a plan.
"""

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends a reset
LATE: Final = 1.0  # seconds after which a request that was let go is delivered after all
PATIENCE: Final = 30.0  # seconds for the other side to answer
ROUND: Final = 20  # of so many orders in the sequence of their first requests
HURT_ONCE: Final = 9  # so many lose their first request
HURT_TWICE: Final = 3  # and so many of these their second one, too


class FaultyLine:
    """A proxy on loopback before the API at `url`; of the orders 45 % meet one of the faults below,
    in turn.

    `struck` counts what was done, `orders` how often each idempotency key was hurt.
    """

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self.place = (str(target.hostname), int(target.port or 80))
        self.turns = itertools.cycle(FAULTS)
        self.places: dict[str, int] = {}  # idempotency key → the how manieth order it is
        self.struck: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        self.lock = threading.Lock()
        handler = type("LineHandler", (_Handler,), {"line": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """What the buying panel takes for its provider."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def draw(self, key: str) -> str:
        """What is done to this order's request; empty: nothing."""
        with self.lock:
            place = self.places.setdefault(key, len(self.places)) % ROUND
            if place >= {0: HURT_ONCE, 1: HURT_TWICE}.get(self.orders[key], 0):
                return ""
            fault = next(self.turns)
            self.orders[key] += 1
            self.struck[fault] += 1
            return fault

    def deliver(self, call: "_Call") -> tuple[int, list[tuple[str, str]], bytes]:
        """Pass a request on; status, headers and body of the answer."""
        connection = HTTPConnection(*self.place, timeout=PATIENCE)
        try:
            connection.request(call.method, call.path, body=call.body, headers=call.headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


class _Call:
    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, dict(headers), body


class _Handler(BaseHTTPRequestHandler):
    line: FaultyLine
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One request: passed on as it is, or hurt where it orders something."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        call = _Call("POST", self.path, dict(self.headers.items()), body)
        form = parse_qs(body.decode())
        fault = self.line.draw(form["idempotency_key"][0]) if form.get("action") == ["add"] else ""
        with contextlib.suppress(OSError):  # whoever asked has gone, or was killed
            FAULTS[fault](self, call) if fault else self.answer(*self.line.deliver(call))

    def answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: int = 0
    ) -> None:
        """Send an answer, without its last `cut` bytes."""
        self.send_response_only(status)
        for name, text in headers:
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])

    def drop(self, *, is_reset: bool = True) -> None:
        """End the connection without another byte."""
        self.close_connection = True
        if is_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing."""


def _reset_before(handler: _Handler, _call: _Call) -> None:
    handler.drop()


def _reset_after(handler: _Handler, call: _Call) -> None:
    handler.line.deliver(call)
    handler.drop()


def _swallow(handler: _Handler, call: _Call) -> None:
    handler.line.deliver(call)
    handler.drop(is_reset=False)


def _hang(handler: _Handler, call: _Call) -> None:
    handler.line.deliver(call)
    handler.connection.settimeout(PATIENCE)
    handler.connection.recv(1)  # until the other side gives up
    handler.drop()


def _cut(handler: _Handler, call: _Call) -> None:
    handler.answer(*handler.line.deliver(call), cut=4)
    handler.drop(is_reset=False)


def _gateway(handler: _Handler, call: _Call) -> None:
    handler.line.deliver(call)
    handler.answer(502, [("Content-Type", "text/html")], b"<h1>502 Bad Gateway</h1>")


def _deliver_twice(handler: _Handler, call: _Call) -> None:
    twin = threading.Thread(target=_quietly, args=(handler.line, call))
    twin.start()
    answer = handler.line.deliver(call)
    twin.join()
    handler.answer(*answer)


def _deliver_late(handler: _Handler, call: _Call) -> None:
    threading.Thread(target=_quietly, args=(handler.line, call, LATE), daemon=True).start()
    handler.drop()


def _quietly(line: FaultyLine, call: _Call, delay: float = 0.0) -> None:
    time.sleep(delay)
    with contextlib.suppress(OSError):
        line.deliver(call)


FAULTS: Final[Mapping[str, Callable[[_Handler, _Call], None]]] = {
    "reset before": _reset_before,
    "reset after": _reset_after,
    "answer swallowed": _swallow,
    "hang": _hang,
    "answer cut": _cut,
    "bad gateway": _gateway,
    "delivered twice": _deliver_twice,
    "delivered late": _deliver_late,
}
