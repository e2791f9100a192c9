"""One POST under one deadline, which always knows whether a byte of it has left.

`requests` prepares the call (session.py). http.client sends it, because it lets us act between the
open connection and the first byte and logs nothing. urllib3 reads the reply: bounded gzip, and
bodies that are cut off raise.
"""

from __future__ import annotations

import http.client
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util.wait import wait_for_read

from outbound.endpoint import Endpoint, Target, parse_url
from outbound.errors import BadReply, Interrupted, ProviderError, TimedOut, Unreachable
from outbound.exchange import Exchange
from outbound.key_mask import KeyMask
from outbound.reply import exchange_of
from outbound.sockets import Deadline, PlainSocket, Resolver, TLSSocket, look_up, open_socket

CHUNK = 65_536
CONNECT_TRIES = 3  # of a reading call
PAUSE = 0.1  # seconds between them
# all that bad bytes on the wire can raise
BROKEN = (OSError, http.client.HTTPException, HTTPError, ValueError)


@dataclass(frozen=True, slots=True)
class Call:
    """A prepared POST."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)  # holds the key


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply of any HTTP status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)  # not masked


class Wire:
    """The connections to one provider, kept for reading calls; threads may share it."""

    def __init__(self, endpoint: Endpoint, *, mask: KeyMask, resolver: Resolver = look_up) -> None:
        self._endpoint = endpoint
        self._mask = mask
        self._resolver = resolver
        self._idle: deque[_Connection] = deque()

    def close(self) -> None:
        """Close idle connections; running calls close their own."""
        while self._idle:
            self._idle.pop().close()

    def dial(self, *, cap: int) -> Line:
        """A new connection for a request that must be sent at most once; nothing is sent yet.

        The call's deadline runs from here. Raises Unreachable or TimedOut.
        """
        line = Line(self._endpoint, mask=self._mask, cap=cap)
        line.connect(self._resolver)
        return line

    def ask(self, call: Call, *, cap: int) -> Answer:
        """Post a request that may be repeated, on an open connection if there is one.

        Connects up to three times within the one deadline. Raises ProviderError.
        """
        line = Line(self._endpoint, mask=self._mask, cap=cap)
        while True:
            is_fresh = not self._idle_into(line)
            if is_fresh:
                self._connect(line)
            try:
                answer = line.post(call)
            except Interrupted as error:
                line.close()
                if is_fresh or error.exchange.http_status is not None:
                    raise
                continue  # the provider had closed a kept connection: once more, on another
            except BaseException:
                line.close()
                raise
            if (connection := line.release()) is not None:
                self._idle.append(connection)
            return answer

    def _idle_into(self, line: Line) -> bool:
        """Give the line a kept connection that is still silent, if there is one."""
        while True:
            try:
                line.connection = self._idle.pop()
            except IndexError:
                return False
            # readable means closed, or stray bytes that must not pass for the next reply
            if not wait_for_read(line.connection.bounded, timeout=0):
                return True
            line.close()

    def _connect(self, line: Line) -> None:
        for attempt in range(1, CONNECT_TRIES):
            try:
                return line.connect(self._resolver)
            except Unreachable as error:
                if not error.is_passing or line.deadline.remaining() < PAUSE * attempt:
                    raise
            time.sleep(PAUSE * attempt)
        return line.connect(self._resolver)


class _Connection(http.client.HTTPConnection):
    """An open connection that http.client never reopens."""

    auto_open = 0

    def __init__(self, target: Target, sock: PlainSocket | TLSSocket) -> None:
        super().__init__(target.host, target.port)
        self.target = target
        self.bounded = sock
        self.sock = sock


class Line:
    """One call: its deadline, its connection, and the reply so far."""

    connection: _Connection

    def __init__(self, endpoint: Endpoint, *, mask: KeyMask, cap: int) -> None:
        self.deadline = Deadline(endpoint.timeout)
        self._endpoint = endpoint
        self._mask = mask
        self._cap = cap
        self._status: int | None = None
        self._body = bytearray()

    def close(self) -> None:
        self.connection.close()

    def release(self) -> _Connection | None:
        """The connection if the provider left it open."""
        if self.connection.sock is not None:
            return self.connection
        self.connection.close()
        return None

    def connect(self, resolver: Resolver) -> None:
        """Open a checked connection. Raises Unreachable or TimedOut, with no byte sent."""
        endpoint = self._endpoint
        try:
            target = parse_url(endpoint.url, is_private_allowed=endpoint.is_private_allowed)
            sock = open_socket(
                endpoint=endpoint, target=target, deadline=self.deadline, resolver=resolver
            )
        except ProviderError as error:
            error.exchange = self._seen()
            raise
        self.connection = _Connection(target, sock)

    def post(self, call: Call) -> Answer:
        """The whole reply. Raises a ProviderError, whose `is_sent` says if a byte may have left."""
        failure: ProviderError
        sock = self.connection.bounded
        sock.start(self.deadline)
        try:
            self._send(call)
            return self._read()
        except _TooLarge:
            failure = BadReply(
                f"the reply is larger than {self._cap} bytes", is_sent=True, exchange=self._seen()
            )
        except (TimeoutError, ReadTimeoutError):
            failure = TimedOut(
                "no complete reply in time", is_sent=sock.has_sent, exchange=self._seen()
            )
        except BROKEN as error:
            # only the type: the text may quote what was sent
            failure = Interrupted(
                f"the connection broke ({type(error).__name__})",
                is_sent=sock.has_sent,
                exchange=self._seen(),
            )
        raise failure  # outside the handlers, so that nothing is chained to it

    def _send(self, call: Call) -> None:
        headers = {"Host": self.connection.target.host_header, **call.headers}
        self.connection.request("POST", call.path, body=call.body, headers=headers)

    def _read(self) -> Answer:
        got = self.connection.getresponse()
        self._status = got.status
        headers = urllib3.HTTPHeaderDict(got.headers.items())
        response = urllib3.HTTPResponse(
            body=got,
            headers=headers,
            status=got.status,
            preload_content=False,
            original_response=got,
            request_method="POST",
        )
        while chunk := response.read1(CHUNK, decode_content=True):
            self._body += chunk
            if len(self._body) > self._cap:
                raise _TooLarge
        return Answer(status=got.status, headers=headers, body=bytes(self._body))

    def _seen(self) -> Exchange:
        return exchange_of(
            self._status, self._body, elapsed=self.deadline.elapsed(), mask=self._mask
        )


class _TooLarge(Exception):
    """The reply exceeds the cap."""
