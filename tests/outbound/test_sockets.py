"""What stands between a provider and the first byte: names, addresses, TLS."""

import socket
import ssl
import threading
import time
import warnings
from pathlib import Path

from catalog.upstream import Accepted, Client, Endpoint, NotSent
from tests.raw_provider import (
    FIELDS,
    KEY,
    PLACED,
    RawProvider,
    answer,
    client_of,
    free_port,
    make_certificate,
)


def test_refused_connection_is_not_sent() -> None:
    called: list[int] = []

    with client_of(f"http://127.0.0.1:{free_port()}/api/v2") as client:
        outcome = client.add(FIELDS, before_send=lambda: called.append(1))

    assert isinstance(outcome, NotSent)
    assert (outcome.is_429, outcome.raw.http_status, outcome.raw.body) == (False, None, "")
    assert called == []


def test_unknown_name_is_not_sent() -> None:
    with client_of("http://no-such-name.invalid/api/v2") as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert outcome.detail == "the host name could not be resolved"


def test_slow_name_look_up_ends_at_the_deadline_and_is_not_sent() -> None:
    ended = threading.Event()

    def look_up(_host: str, _port: int) -> list[str]:
        ended.wait(60)
        return ["127.0.0.1"]

    endpoint = Endpoint(
        url="http://slow.example/api/v2", key=KEY, timeout=0.3, is_private_allowed=True
    )
    started = time.monotonic()
    with Client(endpoint, resolver=look_up) as client:
        outcome = client.add(FIELDS)
    ended.set()

    assert isinstance(outcome, NotSent)
    assert time.monotonic() - started < 30


def test_certificate_of_a_stranger_is_not_sent(tmp_path: Path) -> None:
    tls, _ = make_certificate(tmp_path)

    with RawProvider(answer(PLACED), tls=tls) as provider, client_of(provider.url) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert outcome.detail.startswith("the certificate is not valid")
    assert provider.requests == []


def test_certificate_of_another_host_is_not_sent(tmp_path: Path) -> None:
    tls, ca_file = make_certificate(tmp_path, name="panel.example")

    with (
        RawProvider(answer(PLACED), tls=tls) as provider,
        client_of(provider.url, ca_file=ca_file) as client,
    ):
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert provider.requests == []


def test_server_that_never_agrees_tls_is_not_sent() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        client_of(f"https://127.0.0.1:{silent.getsockname()[1]}/api/v2", timeout=1) as client,
    ):
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert outcome.detail == "the TLS handshake took too long"


def test_name_is_looked_up_once_and_the_checked_address_gets_host_and_sni_of_the_name(
    tmp_path: Path,
) -> None:
    tls, ca_file = make_certificate(tmp_path, name="panel.example")
    asked: list[str] = []
    names: list[str | None] = []
    tls.sni_callback = lambda _sock, name, _context: names.append(name)

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with RawProvider(answer(PLACED), tls=tls) as provider:
        url = f"https://panel.example:{provider.port}/api/v2"
        endpoint = Endpoint(url=url, key=KEY, timeout=5, is_private_allowed=True, ca_file=ca_file)
        with Client(endpoint, resolver=look_up) as client:
            outcome = client.add(FIELDS)

    assert isinstance(outcome, Accepted)
    assert asked == ["panel.example"]
    assert names == ["panel.example"]
    assert f"Host: panel.example:{provider.port}\r\n".encode() in provider.requests[0]


def test_tls_is_at_least_1_2(tmp_path: Path) -> None:
    tls, ca_file = make_certificate(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of old TLS, rightly
        tls.minimum_version = ssl.TLSVersion.TLSv1_1
        tls.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        RawProvider(answer(PLACED), tls=tls) as provider,
        client_of(provider.url, ca_file=ca_file) as client,
    ):
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
