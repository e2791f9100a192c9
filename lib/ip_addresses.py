"""IP addresses: of a request behind trusted proxies, and in lists of allowed networks."""

import ipaddress
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_NETWORKS = 50  # of one key
# bits: one customer has a whole network of IPv6 addresses
IPV6_SITE = 64


class BadNetwork(Exception):
    """Not an address or network, or too many; the message is for the user."""


def client_ip(request: HttpRequest) -> str:
    """The client's address, "" where it is unknown.

    Behind N trusted proxies it is the N-th from the right of X-Forwarded-For, which the outermost
    proxy wrote; what is further left came from the client. Without proxies, or where the header is
    too short or no address, it is the peer's.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        passed = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(passed) >= proxies:
            found = _address(passed[-proxies])
            if found:
                return str(found)
    return str(_address(peer) or "")


def counted_as(ip: str) -> str:
    """What limits per address count: an IPv4 address, or an IPv6 network of 64 bits."""
    found = _address(ip)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_SITE), strict=False))
    return ip


def read_networks(texts: Iterable[str]) -> list[str]:
    """Addresses and networks as they are stored: each once, in order. Raises BadNetwork."""
    found: dict[str, None] = {}
    for text in filter(None, (text.strip() for text in texts)):
        try:
            network = _network(text)
        except ValueError:
            raise BadNetwork(
                f"“{text[:60]}” is neither an IP address nor a network such as 203.0.113.0/24."
            ) from None
        found[str(network)] = None
    if len(found) > MAX_NETWORKS:
        raise BadNetwork(f"Enter at most {MAX_NETWORKS} addresses and networks.")
    return list(found)


def is_within(ip: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of `read_networks`' networks; False where it is unknown."""
    address = _address(ip)
    if address is None:
        return False
    return any(address in network for network in map(ipaddress.ip_network, networks))


def _network(text: str) -> Network:
    """The network in a text; an IPv4-mapped one is the IPv4 network."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        return ipaddress.IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _address(text: str) -> Address | None:
    """The address in a text, without port and zone; an IPv4-mapped one is the IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
