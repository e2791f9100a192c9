"""A client without a library's help: what the socket really carried."""

import socket
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.double.handle import ProviderDouble


@dataclass(frozen=True, slots=True)
class Carried:
    """What came over the socket until it ended."""

    head: str
    body: bytes
    end: str  # closed | reset | silent
    seconds: float

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1]) if self.head else 0

    def header(self, name: str) -> str:
        rows = dict(row.split(": ", 1) for row in self.head.split("\r\n")[1:])
        return rows.get(name, "")


def post(
    provider: ProviderDouble, action: str, *, patience: float = 60.0, **fields: object
) -> Carried:
    """POST with `Connection: close` and read until the provider ends it, or `patience` seconds
    pass without a byte.
    """
    address = urlsplit(provider.url)
    body = urlencode({"key": provider.key, "action": action, **fields})
    request = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    start, content, end = time.monotonic(), b"", "closed"
    with socket.create_connection(
        (address.hostname or "", address.port or 80), timeout=patience
    ) as connection:
        connection.sendall(request.encode())
        try:
            while chunk := connection.recv(1 << 20):
                content += chunk
        except ConnectionResetError:
            end = "reset"
        except TimeoutError:
            end = "silent"
    head, _, rest = content.partition(b"\r\n\r\n")
    return Carried(head.decode("latin-1"), rest, end, time.monotonic() - start)
