"""What requests would do by itself and must not: follow, remember, listen to the environment, keep
the key.
"""

import socket
from pathlib import Path

import pytest

from catalog.upstream import (
    Accepted,
    BadReply,
    Endpoint,
    KeyMask,
    NotSent,
    OrderStatus,
    Unclear,
    Unreachable,
    parse_url,
)
from outbound.session import Manner, ProviderSession
from outbound.wire import Wire
from tests.raw_provider import (
    BALANCE,
    FIELDS,
    KEY,
    PLACED,
    RawProvider,
    answer,
    client_of,
    http,
    make_certificate,
)

QUESTION = Manner(cap=1000, is_once=False)
LOCATIONS = {
    "elsewhere": "http://127.0.0.1:1/",
    "itself": "/api/v2",
    "no URL": "http://[",
    "bad port": "http://127.0.0.1:99999999/",
    "not text": "\xff\xfe",
    "endless": "http://" + "a" * 5000,
}


def session_of(url: str, *, ca_file: str | None = None) -> ProviderSession:
    endpoint = Endpoint(url=url, key=KEY, timeout=5, is_private_allowed=True, ca_file=ca_file)
    return ProviderSession(Wire(endpoint, mask=KeyMask(KEY)))


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_redirect_wherever_it_points_is_an_unclear_add_and_no_second_request(
    location: str,
) -> None:
    for status in (301, 302, 303, 307, 308):
        act = answer(PLACED, status=status, headers=f"Location: {location}\r\n")

        with RawProvider(act) as provider, client_of(provider.url) as client:
            outcome = client.add(FIELDS)

        assert isinstance(outcome, Unclear), status
        assert outcome.raw.http_status == status
        assert len(provider.requests) == 1, status


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_redirect_wherever_it_points_is_a_bad_reply_to_a_question(location: str) -> None:
    act = answer(BALANCE, status=307, headers=f"Location: {location}\r\n")

    with RawProvider(act) as provider, client_of(provider.url) as client, pytest.raises(BadReply):
        client.balance()

    assert len(provider.requests) == 1


def test_redirect_is_not_even_prepared() -> None:
    act = answer(BALANCE, status=307, headers="Location: /elsewhere\r\n")

    with RawProvider(act) as provider, session_of(provider.url) as session:
        response = session.post_form(
            parse_url(provider.url, is_private_allowed=True), {"key": KEY}, manner=QUESTION
        )

    assert response.next is None
    assert response.history == []


@pytest.mark.parametrize("is_once", [False, True])
def test_response_does_not_hold_the_form_that_was_sent(is_once: bool) -> None:
    manner = Manner(cap=1000, is_once=is_once)

    with RawProvider(answer(BALANCE)) as provider, session_of(provider.url) as session:
        response = session.post_form(
            parse_url(provider.url, is_private_allowed=True), {"key": KEY}, manner=manner
        )

    assert KEY.encode() in provider.requests[0]
    assert response.request.body is None
    assert KEY not in repr(vars(response)) + repr(vars(response.request))


def test_cookies_are_not_kept() -> None:
    act = answer(BALANCE, headers="Set-Cookie: session=abc; Path=/\r\n")

    with RawProvider(act) as provider, client_of(provider.url) as client:
        client.balance()
        client.balance()
        client.add(FIELDS)

    assert not [request for request in provider.requests if b"cookie" in request.lower()]


def test_credentials_of_the_environment_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login us password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    with RawProvider(answer(BALANCE)) as provider, client_of(provider.url) as client:
        client.balance()

    assert b"authorization" not in provider.requests[0].lower()


def test_authorities_of_the_environment_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, ca_file = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    monkeypatch.setenv("CURL_CA_BUNDLE", ca_file)

    with RawProvider(answer(PLACED), tls=tls) as provider, client_of(provider.url) as client:
        outcome = client.add(FIELDS)

    assert isinstance(outcome, NotSent)
    assert provider.requests == []


def test_verification_cannot_be_turned_off(tmp_path: Path) -> None:
    tls, _ = make_certificate(tmp_path)

    with RawProvider(answer(PLACED), tls=tls) as provider, session_of(provider.url) as session:
        session.verify = False
        target = parse_url(provider.url, is_private_allowed=True)
        with pytest.raises(Unreachable, match="the certificate is not valid"):
            session.post_form(target, {"key": KEY}, manner=QUESTION)

    assert provider.requests == []


def test_key_goes_to_the_provider_whatever_host_a_request_names() -> None:
    with RawProvider(answer(BALANCE)) as provider, session_of(provider.url) as session:
        session.post_form(
            parse_url("http://127.0.0.1:1/api/v2", is_private_allowed=True),
            {"key": KEY},
            manner=QUESTION,
        )

    assert f"Host: 127.0.0.1:{provider.port}\r\n".encode() in provider.requests[0]


def test_form_that_is_no_utf_8_is_sent_with_question_marks() -> None:
    with RawProvider(answer(PLACED)) as provider, client_of(provider.url) as client:
        outcome = client.add({**FIELDS, "comments": "half \ud83d emoji\nwhole 🔥"})

    assert isinstance(outcome, Accepted)
    assert provider.requests[0].endswith(b"&comments=half+%3F+emoji%0Awhole+%F0%9F%94%A5")


def test_what_stops_an_add_before_its_first_byte_comes_out_unchanged() -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with (
        RawProvider(answer(PLACED)) as provider,
        client_of(provider.url) as client,
        pytest.raises(Stop),
    ):
        client.add(FIELDS, before_send=stop)

    assert provider.requests == []


def test_kept_connection_is_used_for_questions_and_never_for_an_order() -> None:
    def act(connection: socket.socket, request: bytes) -> None:
        connection.sendall(http(PLACED if b"action=add" in request else b'{"status":"Pending"}'))

    with RawProvider(act) as provider, client_of(provider.url) as client:
        first = client.status(["1"])
        client.add(FIELDS)
        client.status(["1"])

    assert isinstance(first.orders["1"], OrderStatus)
    assert provider.connections == 2
