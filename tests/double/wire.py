"""HTTP/1.1 as far as API clients speak it, with the socket in reach."""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 16 * 1024 * 1024  # whole catalogs come in through the control API
REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """Answer the form fields of query and body; the body wins, and of doubles the last."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        pairs += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return dict(pairs)

    @property
    def is_last(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


class BadCall(Exception):
    """What came is not an HTTP request that this server reads."""


class Connection:
    """One accepted socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def next_call(self) -> Call | None:
        """Read one request; None when the client has gone; raises BadCall."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except asyncio.LimitOverrunError:
            raise BadCall("head too long") from None
        try:
            start, *rows = head[:-4].decode("latin-1").split("\r\n")
            method, target, _version = start.split(" ")
            headers = {
                name.strip().lower(): text.strip()
                for name, text in (row.split(":", 1) for row in rows)
            }
            length = int(headers.get("content-length", "0"))
        except ValueError:
            raise BadCall("not HTTP") from None
        if not 0 <= length <= BODY_LIMIT or "transfer-encoding" in headers:
            raise BadCall("body not readable")
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = await self.reader.readexactly(length) if length else b""
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        path, _, query = target.partition("?")
        return Call(method, path, query, headers, body)

    def send(self, response: bytes) -> None:
        self.writer.write(response)

    async def wait_until_gone(self, *, seconds: float) -> bool:
        """Say nothing for so long; True when the client gave up before."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(4096):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def reset(self) -> None:
        """End with RST, as a crashed host or a firewall does: a linger of zero discards
        what is not sent.
        """
        transport_socket = self.writer.get_extra_info("socket")
        # else it is closed already
        if transport_socket is not None and transport_socket.fileno() >= 0:
            transport_socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.writer.transport.abort()

    async def close(self) -> None:
        """End with FIN after what was written; a client that went first is no fault."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return

    @property
    def peer(self) -> str:
        name = self.writer.get_extra_info("peername")
        return str(name[0]) if name else ""


def response(
    body: bytes,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: tuple[str, ...] = (),
    is_last: bool = False,
    length: int | None = None,
) -> bytes:
    """Write a whole response; `length` may lie about the body, -1 leaves it out."""
    rows = [
        f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}",
        f"Content-Type: {content_type}",
        *headers,
    ]
    if length != -1:
        rows.append(f"Content-Length: {len(body) if length is None else length}")
    rows.append(f"Connection: {'close' if is_last else 'keep-alive'}")
    return "\r\n".join(rows).encode("latin-1") + b"\r\n\r\n" + body


def dumped(value: Any) -> bytes:
    """Write JSON as PHP's json_encode does it: no spaces, slashes and everything beyond ASCII
    escaped.
    """
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()
