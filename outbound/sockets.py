"""Sockets to checked addresses, with one deadline for every wait."""

from __future__ import annotations

import functools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from requests.adapters import DEFAULT_CA_BUNDLE_PATH

from outbound.endpoint import Endpoint, Target, check_addresses, is_address
from outbound.errors import TimedOut, Unreachable

MAX_ADDRESSES = 4  # of one name that are tried in turn

Resolver = Callable[[str, int], Sequence[str]]


class Deadline:
    """The moment by which a call must end, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._started_at = time.monotonic()
        self._ends_at = self._started_at + seconds

    def elapsed(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self._started_at

    def remaining(self) -> float:
        """Seconds left; negative when it has passed."""
        return self._ends_at - time.monotonic()

    def wait(self) -> float:
        """Seconds that a blocking step may take. Raises TimeoutError when there are none."""
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class PlainSocket(socket.socket):
    """A socket whose reads and writes end at the deadline, however slow the bytes come."""

    deadline: Deadline
    has_sent = False  # whether a byte of the current request may have left

    def start(self, deadline: Deadline) -> None:
        """Begin a new request."""
        self.deadline, self.has_sent = deadline, False

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.wait())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.deadline.wait())
        self.has_sent = True
        super().sendall(*args, **kwargs)


class TLSSocket(ssl.SSLSocket):
    """The same over TLS; OpenSSL's time-out covers all packets of a read or write."""

    deadline: Deadline
    has_sent = False

    def start(self, deadline: Deadline) -> None:
        """Begin a new request."""
        self.deadline, self.has_sent = deadline, False

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.wait())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.wait())
        self.has_sent = True
        return super().send(*args, **kwargs)


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def open_socket(
    *, endpoint: Endpoint, target: Target, deadline: Deadline, resolver: Resolver = look_up
) -> PlainSocket | TLSSocket:
    """A connected socket, TLS verified, no byte of a request sent.

    The name is resolved once and the connection goes to one of the addresses checked, so a hostile
    name server cannot redirect it. Raises Unreachable, ForbiddenAddress or TimedOut.
    """
    addresses = _resolve(target, deadline=deadline, resolver=resolver)
    check_addresses(addresses, is_private_allowed=endpoint.is_private_allowed)
    plain = _dial(
        addresses[:MAX_ADDRESSES],
        target=target,
        deadline=deadline,
        connect_timeout=endpoint.connect_timeout,
    )
    return (
        _agree_tls(plain, endpoint=endpoint, target=target, deadline=deadline)
        if target.is_tls
        else plain
    )


def _resolve(target: Target, *, deadline: Deadline, resolver: Resolver) -> Sequence[str]:
    if is_address(target.host):
        return [target.host]
    # getaddrinfo has no time-out, so it waits in a thread that we may leave behind
    answers: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def look() -> None:
        try:
            answers.put(resolver(target.host, target.port))
        except (OSError, ValueError):
            answers.put([])

    threading.Thread(target=look, name="provider-lookup", daemon=True).start()
    try:
        addresses = answers.get(timeout=max(deadline.remaining(), 0.001))
    except queue.Empty:
        addresses = None
    if addresses is None:
        raise TimedOut("the host name was not resolved in time")
    if not addresses:
        raise Unreachable("the host name could not be resolved")
    return addresses


def _dial(
    addresses: Sequence[str], *, target: Target, deadline: Deadline, connect_timeout: float
) -> PlainSocket:
    why = ""
    for address in addresses:
        if deadline.remaining() <= 0:
            break
        sock = PlainSocket(
            socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
        )
        try:
            sock.settimeout(max(min(connect_timeout, deadline.remaining()), 0.001))
            sock.connect((address, target.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            why = (
                "no answer"
                if isinstance(error, TimeoutError)
                else (error.strerror or type(error).__name__)
            )
        except BaseException:  # a task's time limit must not leave a socket behind
            sock.close()
            raise
        else:
            return sock
    if deadline.remaining() <= 0:
        raise TimedOut("no connection in time")
    raise Unreachable(f"no connection: {why}", is_passing=True)


def _agree_tls(
    plain: PlainSocket, *, endpoint: Endpoint, target: Target, deadline: Deadline
) -> TLSSocket:
    failure: Unreachable | TimedOut
    try:
        plain.settimeout(deadline.wait())
        sock = _tls_context(endpoint.ca_file).wrap_socket(plain, server_hostname=target.host)
    except TimeoutError:
        failure = TimedOut("the TLS handshake took too long")
    except ssl.SSLCertVerificationError as error:
        failure = Unreachable(f"the certificate is not valid: {error.verify_message}")
    except (OSError, ValueError) as error:
        failure = Unreachable(
            f"the TLS handshake failed ({getattr(error, 'reason', None) or type(error).__name__})"
        )
    else:
        assert isinstance(sock, TLSSocket)  # noqa: S101 -- tells mypy what sslsocket_class makes
        return sock
    plain.close()
    raise failure


@functools.lru_cache(maxsize=8)
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verifies names and chains; at least TLS 1.2, Python's own default."""
    context = ssl.create_default_context(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = TLSSocket
    return context
