"""A provider of bare sockets: does to a connection whatever a test says, byte for byte."""

import datetime as dt
import functools
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from catalog.upstream import Client, Endpoint

KEY = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
FIELDS = {"service": "1", "link": "https://example.org/p?a=1&b=2", "quantity": "100"}
PLACED = b'{"order":23501}'
BALANCE = b'{"balance":"100.84292","currency":"USD"}'
Act = Callable[[socket.socket, bytes], None]  # gets the connection and the request that came on it


class RawProvider:
    """Listens on a free port until the end of its `with`; does one act per request, the last
    one over and over.
    """

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self.acts = list(acts)
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._ended = threading.Event()
        self._last: object = None  # the address of the connection that ends it
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api/v2"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        # wakes the thread that waits in accept(), when it has accepted all before it
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._last = last.getsockname()
            last.connect(("127.0.0.1", self.port))
            for thread in self._threads:  # the first of them adds to the list until it has ended
                thread.join(60)
        self._listener.close()

    def wait(self, seconds: float) -> bool:
        """Let time pass; True when the test is over."""
        return self._ended.wait(seconds)

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, peer = self._listener.accept()
            if peer == self._last:
                connection.close()
                return
            self.connections += 1
            self._start(functools.partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(60)
                with connection:
                    while request := _read_request(connection):
                        self.requests.append(request)
                        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                        act(connection, request)
            except OSError:
                return  # the client went away, which many tests want


def _read_request(connection: socket.socket) -> bytes:
    """Headers and body of one request; b"" when the client has closed."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def client_of(url: str, *, timeout: float = 30.0, ca_file: str | None = None) -> Client:
    """A client that may connect to this machine."""
    return Client(
        Endpoint(url=url, key=KEY, timeout=timeout, is_private_allowed=True, ca_file=ca_file)
    )


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def http(body: bytes, *, status: int = 200, headers: str = "") -> bytes:
    """A whole response."""
    head = f"HTTP/1.1 {status} Words\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def answer(body: bytes, *, status: int = 200, headers: str = "") -> Act:
    """Answer properly and keep the connection open."""
    return say(http(body, status=status, headers=headers))


def say(response: bytes) -> Act:
    """Send just these bytes and keep the connection open."""
    return lambda connection, _request: connection.sendall(response)


def say_and_close(response: bytes) -> Act:
    """Send just these bytes and end the connection in good order."""

    def act(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(response)
        connection.shutdown(socket.SHUT_RDWR)

    return act


def reset(connection: socket.socket, _request: bytes) -> None:
    """Break the connection off (RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(response: bytes, *, pause: float) -> Act:
    """Send a byte at a time."""

    def act(connection: socket.socket, _request: bytes) -> None:
        ended = threading.Event()
        for byte in response:
            connection.sendall(bytes([byte]))
            ended.wait(pause)

    return act


def hang(connection: socket.socket, _request: bytes) -> None:
    """Say nothing until the client gives up."""
    connection.recv(1)


def make_certificate(folder: Path, *, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, str]:
    """A server's TLS context and the file of the authority that signed its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test provider")])
    now = dt.datetime.now(dt.UTC)
    host = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, str(folder / "ca.pem")
