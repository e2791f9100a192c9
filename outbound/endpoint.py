"""Endpoints: parsing their URLs, and the addresses that we may connect to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from outbound.errors import ForbiddenAddress

HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
V4_COMPATIBLE = ipaddress.IPv6Network("::/96")


@dataclass(frozen=True)
class Endpoint:
    """A provider's API, with the time-outs of a call."""

    url: str
    key: str = field(repr=False)
    timeout: float = 20.0  # seconds for everything: name, connect, TLS, sending, headers, body
    connect_timeout: float = 5.0  # seconds for one address to answer
    is_private_allowed: bool = False  # test hosts: plain http, any port, any address
    ca_file: str | None = None  # PEM bundle instead of the public authorities


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a checked URL."""

    host: str  # ASCII, without brackets
    port: int
    path: str  # with the query
    is_tls: bool

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.is_tls else 80) else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.is_tls else 'http'}://{self.host_header}{self.path}"


def parse_url(url: str, *, is_private_allowed: bool = False) -> Target:
    """The parts of a URL. Raises ForbiddenAddress with a message for the user."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not _is_host(host):
        raise ForbiddenAddress("the URL is not valid: expected https://host/path")
    if "@" in parts.netloc:
        raise ForbiddenAddress("the URL must not contain a user name or a password")
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_private_allowed):
        raise ForbiddenAddress("the URL must begin with https://")
    is_tls = parts.scheme == "https"
    port = port or (443 if is_tls else 80)
    if port != 443 and not is_private_allowed:
        raise ForbiddenAddress("the URL must use port 443")
    path = quote(parts.path or "/", safe="/%:=&~+,;@!$'()*")
    query = f"?{quote(parts.query, safe='/%:=&~+,;@!$()*?')}" if parts.query else ""
    return Target(host=host, port=port, path=path + query, is_tls=is_tls)


def check_addresses(addresses: Sequence[str], *, is_private_allowed: bool = False) -> None:
    """Raise ForbiddenAddress when any address is not public."""
    if not is_private_allowed and not all(is_public(address) for address in addresses):
        raise ForbiddenAddress("the host name resolves to an address that is not public")


def is_public(address: str) -> bool:
    """Whether an IP address is public; one that embeds an IPv4 address is judged by that."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return _is_global(found)
    if found.ipv4_mapped is not None or found in NAT64:
        return _is_global(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    is_plain = not found.scope_id and not found.is_site_local and not _is_tunnelled(found)
    return is_plain and _is_global(found)


def _is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_tunnelled(address: ipaddress.IPv6Address) -> bool:
    """Whether a router may unpack it to an IPv4 address."""
    return address in V4_COMPATIBLE or address.sixtofour is not None or address.teredo is not None


def is_address(host: str) -> bool:
    """Whether a host is an IP address in full; 127.1 and the like go to the name look-up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_host(host: str) -> bool:
    return is_address(host) if ":" in host else HOST.fullmatch(host) is not None
