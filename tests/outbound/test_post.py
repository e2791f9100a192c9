"""Posting to an address that a customer named: what may be reached, and what may come back."""

import pytest

from catalog.upstream import Endpoint, Posted, post
from tests.outbound.private_addresses import PRIVATE
from tests.raw_provider import KEY, RawProvider, answer, drip, free_port, hang, reset, say_and_close

REFUSED = "the host name resolves to an address that is not public"


def posted_to(url: str, *, timeout: float = 30.0) -> Posted:
    """What came of a post to this machine."""
    endpoint = Endpoint(url=url, key=KEY, timeout=timeout, is_private_allowed=True)
    return post(endpoint=endpoint, headers={"webhook-id": "msg_1"}, body=b'{"a":1}', cap=1000)


def test_bytes_and_headers_arrive_as_they_are() -> None:
    with RawProvider(answer(b"thanks")) as receiver:
        posted = posted_to(receiver.url)

    [request] = receiver.requests
    assert request.startswith(b"POST /api/v2 HTTP/1.1\r\n")
    assert b"\r\nwebhook-id: msg_1\r\n" in request
    assert request.endswith(b'\r\n\r\n{"a":1}')
    assert KEY.encode() not in request
    assert (posted.is_taken, posted.raw.http_status, posted.raw.body, posted.problem) == (
        True,
        200,
        "thanks",
        "",
    )


def test_key_that_comes_back_is_blanked_out() -> None:
    with RawProvider(answer(f"your key is {KEY}".encode())) as receiver:
        posted = posted_to(receiver.url)

    assert posted.raw.body == "your key is [key]"


@pytest.mark.parametrize("address", PRIVATE)
def test_name_that_leads_inside_is_never_connected_to(address: str) -> None:
    endpoint = Endpoint(url="https://rebinding.example/hook", key=KEY)

    posted = post(
        endpoint=endpoint, headers={}, body=b"", resolver=lambda _host, _port: ["8.8.8.8", address]
    )

    assert (posted.is_taken, posted.raw.http_status, posted.problem) == (False, None, REFUSED)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_loopback_is_connected_to(host: str) -> None:
    posted = post(endpoint=Endpoint(url=f"https://{host}/hook", key=KEY), headers={}, body=b"")

    assert posted.problem == REFUSED


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "https://shop.example:8443/", "https://a:b@shop.example/", ""]
)
def test_url_that_could_not_be_saved_is_not_posted_to_either(url: str) -> None:
    posted = post(endpoint=Endpoint(url=url, key=KEY), headers={}, body=b"")

    assert posted.problem.startswith("the URL ")
    assert posted.raw.http_status is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    with RawProvider(answer(b"")) as inside:
        act = answer(b"", status=status, headers=f"Location: {inside.url}\r\n")
        with RawProvider(act) as receiver:
            posted = posted_to(receiver.url)

    assert (posted.is_taken, posted.raw.http_status) == (False, status)
    assert inside.requests == []


def test_answer_that_is_too_large_still_counts_by_its_status() -> None:
    with RawProvider(answer(b"x" * 5000)) as receiver:
        posted = posted_to(receiver.url)

    assert (posted.is_taken, posted.problem) == (True, "the reply is larger than 1000 bytes")


@pytest.mark.parametrize("act", [hang, drip(b"HTTP/1.1 200 OK\r\n" + b"X" * 500, pause=0.05)])
def test_one_deadline_ends_every_kind_of_slowness(act: object) -> None:
    with RawProvider(act) as receiver:  # type: ignore[arg-type]  # an act, by parametrize
        posted = posted_to(receiver.url, timeout=1)

    assert (posted.is_taken, posted.problem) == (False, "no complete reply in time")


@pytest.mark.parametrize("act", [reset, say_and_close(b""), say_and_close(b"nonsense\r\n\r\n")])
def test_broken_connection_is_told_and_not_repeated(act: object) -> None:
    with RawProvider(act) as receiver:  # type: ignore[arg-type]  # an act, by parametrize
        posted = posted_to(receiver.url)

    assert not posted.is_taken
    assert posted.problem.startswith("the connection broke (")
    assert len(receiver.requests) == 1


def test_nobody_listens() -> None:
    assert (
        posted_to(f"http://127.0.0.1:{free_port()}/hook").problem
        == "no connection: Connection refused"
    )
