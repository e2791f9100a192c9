"""Whose address a request comes from, and which networks have it."""

import pytest
from django.test import RequestFactory, override_settings

from lib.ip_addresses import (
    MAX_NETWORKS,
    BadNetwork,
    client_ip,
    counted_as,
    is_within,
    read_networks,
)


def seen(*, proxies: int, forwarded: str | None = None, peer: str = "10.0.0.1") -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with override_settings(TRUSTED_PROXIES=proxies):
        return client_ip(RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers))


@pytest.mark.parametrize("forwarded", [None, "", "6.6.6.6", "6.6.6.6, 7.7.7.7", "nonsense"])
def test_without_proxies_the_header_is_ignored(forwarded: str | None) -> None:
    assert seen(proxies=0, forwarded=forwarded) == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6,,127.0.0.1,1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 5.5.5.5", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "1.2.3.4, nonsense", "10.0.0.1"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "1.2.3.4:5678", "1.2.3.4"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
    ],
)
def test_behind_proxies_only_what_they_wrote_counts(
    proxies: int, forwarded: str, expected: str
) -> None:
    assert seen(proxies=proxies, forwarded=forwarded) == expected


def test_connection_over_a_socket_has_no_address() -> None:
    assert seen(proxies=0, peer="") == ""


@pytest.mark.parametrize(
    ("ip", "networks", "expected"),
    [
        ("203.0.113.7", ["203.0.113.7/32"], True),
        ("203.0.113.8", ["203.0.113.7/32"], False),
        ("203.0.113.200", ["10.0.0.0/8", "203.0.113.0/24"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db9::1", ["2001:db8::/32"], False),
        ("203.0.113.7", ["2001:db8::/32"], False),
        ("::ffff:203.0.113.7", ["203.0.113.0/24"], True),
        ("", ["0.0.0.0/0"], False),
        ("203.0.113.7", [], False),
    ],
)
def test_address_is_within_a_network(ip: str, networks: list[str], expected: bool) -> None:
    assert is_within(ip, networks) is expected


def test_networks_are_kept_in_one_spelling_each_once() -> None:
    typed = [
        "203.0.113.7",
        " 203.0.113.9/24 ",
        "",
        "2001:DB8:0::/32",
        "203.0.113.0/24",
        "::ffff:203.0.113.7",
    ]

    assert read_networks(typed) == ["203.0.113.7/32", "203.0.113.0/24", "2001:db8::/32"]


@pytest.mark.parametrize("typed", [["example.com"], ["1.2.3"], ["1.2.3.4/33"], ["10.0.0.1-5"]])
def test_what_is_no_network_is_refused(typed: list[str]) -> None:
    with pytest.raises(BadNetwork, match="neither an IP address nor a network"):
        read_networks(typed)


def test_too_many_networks_are_refused() -> None:
    with pytest.raises(BadNetwork, match=f"Enter at most {MAX_NETWORKS}"):
        read_networks([f"10.0.{number}.0/24" for number in range(MAX_NETWORKS + 1)])


def test_ipv6_is_counted_by_the_line_and_ipv4_by_the_address() -> None:
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff") == "2001:db8::/64"
    assert counted_as("203.0.113.7") == "203.0.113.7"
