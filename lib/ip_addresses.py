"""Networks and addresses: where a request comes from behind trusted proxies, and whether a list of
networks has it.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_NETWORKS = 50  # of one key
# bits that one customer's line shares; who counts single IPv6 addresses counts nothing
IPV6_SITE = 64


class BadNetwork(Exception):
    """Neither an address nor a network, or too many of them; the text is fit for whoever typed it."""


def client_ip(request: HttpRequest) -> str:
    """The address of who asks, "" where it cannot be known.

    Behind N trusted proxies it is the N-th from the right of X-Forwarded-For, which only the
    outermost of them can have written; whatever stands further left came from the client. A header
    that is too short or holds no address there did not pass all the proxies: then it is the address
    that the connection came from, as it always is without proxies.
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
    """What a limit per address counts: an IPv4 address itself, an IPv6 address by its network
    of 64 bits.
    """
    found = _address(ip)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_SITE), strict=False))
    return ip


def read_networks(texts: Iterable[str]) -> list[str]:
    """Addresses and networks as they are kept: each once, in the order they came. Raises
    BadNetwork.

    "203.0.113.7" is that address alone, "203.0.113.0/24" and "2001:db8::/32" are networks.
    """
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
        raise BadNetwork(f"At most {MAX_NETWORKS} addresses and networks.")
    return list(found)


def is_within(ip: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of these networks, as `read_networks` keeps them; never
    for an unknown one.
    """
    address = _address(ip)
    if address is None:
        return False
    return any(address in network for network in map(ipaddress.ip_network, networks))


def _network(text: str) -> Network:
    """The network in a text; one of IPv4 addresses in IPv6's clothes is that of IPv4, as
    addresses are.
    """
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        return ipaddress.IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def _address(text: str) -> Address | None:
    """The address in a text, without a port or a zone; an IPv4 address in IPv6's clothes is
    that IPv4 address.
    """
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
