"""Asks a server over and over from several connections at once, with as little work of our own as
Python allows.

Raw sockets that stay open, requests written beforehand, answers read into one buffer and neither
unpacked nor parsed: the rest of the machine's two cores is the server's. `Load.busy` tells how much
of one core that took.
"""

import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

# half as many as the server has threads: it is never idle, and nothing waits for long
CONNECTIONS = 8
MAX_VALUE = 16 * 1024 * 1024  # bytes of an answer
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Load:
    """What one round of asking gave."""

    requests: int
    seconds: float
    busy: float  # CPU seconds of ours in each second

    @property
    def each(self) -> float:
        """Seconds of the whole server for one request."""
        return self.seconds / self.requests


def request(fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST to the served API as bytes."""
    body = urlencode(fields).encode()
    head = {
        "Host": "127.0.0.1",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /api/v2 HTTP/1.1\r\n{lines}\r\n".encode() + body


class Connection:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = memoryview(bytearray(MAX_VALUE))

    def ask(self, asked: bytes) -> memoryview:
        """The answer's body, which the next answer overwrites.

        Raises RuntimeError unless it is a 200 or 304.
        """
        self._socket.sendall(asked)
        filled, end = 0, -1
        while end < 0:
            got = self._socket.recv_into(self._buffer[filled : filled + 65_536])
            if not got:
                raise RuntimeError("the server hung up")
            filled += got
            end = bytes(self._buffer[: min(filled, 4096)]).find(HEAD_END)
        head = bytes(self._buffer[:end]).lower()
        if head[9:12] not in {b"200", b"304"}:
            raise RuntimeError(f"{head.decode()}\n{bytes(self._buffer[end:filled]).decode()}")
        begin = end + len(HEAD_END)
        length = 0 if head[9:12] == b"304" else int(head.split(LENGTH, 1)[1].split(b"\r\n", 1)[0])
        while filled < begin + length:
            got = self._socket.recv_into(
                self._buffer[filled : begin + length], 0, socket.MSG_WAITALL
            )
            if not got:
                raise RuntimeError("the server hung up")
            filled += got
        return self._buffer[begin : begin + length]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class Crowd:
    """All connections to one server."""

    def __init__(self, port: int) -> None:
        self._connections = [Connection(port) for _ in range(CONNECTIONS)]

    def ask_for(self, seconds: float, asked: bytes) -> Load:
        """Have every connection ask until the time is over; answers under way are waited
        for and counted.
        """
        started, busy = time.perf_counter(), time.process_time()
        until = started + seconds

        def ask(connection: Connection) -> int:
            count = 0
            while time.perf_counter() < until:
                connection.ask(asked)
                count += 1
            return count

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            count = sum(threads.map(ask, self._connections))
        took = time.perf_counter() - started
        return Load(requests=count, seconds=took, busy=(time.process_time() - busy) / took)

    def ask_once(self, asked: bytes) -> bytes:
        """One answer's body."""
        return bytes(self._connections[0].ask(asked))

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            connection.close()
