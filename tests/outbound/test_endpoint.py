"""Which URLs and addresses a provider may have."""

import pytest

from catalog.upstream import Client, Endpoint, ForbiddenAddress, NotSent, parse_url
from outbound.endpoint import is_public
from tests.outbound.private_addresses import PRIVATE
from tests.raw_provider import FIELDS, KEY, RawProvider, answer


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_private_and_odd_addresses_are_not_public() -> None:
    assert [address for address in PRIVATE if is_public(address)] == []


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://panel.example/api/v2", "panel.example", "/api/v2"),
        ("https://Panel.Example./api/v2?x=1#part", "panel.example", "/api/v2?x=1"),
        ("https://panel.example", "panel.example", "/"),
        ("https://panel.example:443/a b/ü", "panel.example", "/a%20b/%C3%BC"),
        ("https://bücher.example/api", "xn--bcher-kva.example", "/api"),
        ("https://[2606:4700::1]/api", "2606:4700::1", "/api"),
    ],
)
def test_public_url_is_taken_apart(url: str, host: str, path: str) -> None:
    target = parse_url(url)

    assert (target.host, target.port, target.path, target.is_tls) == (host, 443, path, True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://panel.example/api/v2", "the URL must begin with https://"),
        ("ftp://panel.example/api/v2", "the URL must begin with https://"),
        ("https://panel.example:8443/api/v2", "the URL must use port 443"),
        (
            "https://user:secret-word@panel.example/",
            "the URL must not contain a user name or a password",
        ),
        (
            "https://panel.example\\@127.0.0.1/",
            "the URL must not contain a user name or a password",
        ),
        ("https://panel.example:99999/", "the URL is not valid: expected https://host/path"),
        ("https://pa nel.example/", "the URL is not valid: expected https://host/path"),
        ("https:///api/v2", "the URL is not valid: expected https://host/path"),
        ("https://[::1/", "the URL is not valid: expected https://host/path"),
        ("panel.example/api/v2", "the URL is not valid: expected https://host/path"),
        ("", "the URL is not valid: expected https://host/path"),
    ],
)
def test_bad_url_is_refused_with_a_plain_message(url: str, message: str) -> None:
    with pytest.raises(ForbiddenAddress) as raised:
        parse_url(url)

    assert str(raised.value) == message
    assert "secret-word" not in str(raised.value)


def test_private_hosts_are_for_tests_only() -> None:
    target = parse_url("http://localhost:8001/api/v2", is_private_allowed=True)

    assert (target.host, target.port, target.is_tls, target.host_header) == (
        "localhost",
        8001,
        False,
        "localhost:8001",
    )


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
    ],
)
def test_name_that_leads_inside_is_never_connected_to(addresses: list[str]) -> None:
    endpoint = Endpoint(url="https://rebinding.example/api/v2", key=KEY)

    with Client(endpoint, resolver=lambda _host, _port: addresses) as client:
        outcome = client.add(FIELDS)
        with pytest.raises(ForbiddenAddress):
            client.balance()

    assert isinstance(outcome, NotSent)
    assert outcome.detail == "the host name resolves to an address that is not public"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_loopback_is_connected_to(host: str) -> None:
    with Client(Endpoint(url=f"https://{host}/api/v2", key=KEY)) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert outcome.detail == "the host name resolves to an address that is not public"


def test_redirect_inside_is_not_followed() -> None:
    with RawProvider(answer(b"")) as inside:
        act = answer(b"", status=302, headers=f"Location: {inside.url}\r\n")
        with RawProvider(act) as provider:
            endpoint = Endpoint(url=provider.url, key=KEY, is_private_allowed=True)
            with Client(endpoint) as client:
                client.add(FIELDS)

    assert inside.requests == []
    assert len(provider.requests) == 1


def test_key_is_not_in_an_endpoints_repr() -> None:
    endpoint = Endpoint(url="https://panel.example/api/v2", key=KEY)

    assert KEY not in repr(endpoint)
    assert KEY not in str(endpoint)
