"""The `requests` session of one provider, whose adapter sends each call on our own wire."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from outbound.endpoint import Target
from outbound.errors import Unreachable
from outbound.wire import Answer, Call, Wire

HEADERS = {
    "Accept": "application/json",
    "User-Agent": "panel/1",  # some providers' firewalls turn nameless clients away
}
ASKING = {"Accept-Encoding": "gzip"}
SENDING = {"Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How one call is made."""

    cap: int  # bytes of the reply, unpacked
    # sent at most once, on a connection of its own; else a question that is harmless to repeat
    is_once: bool
    # with `is_once`: the connection is up, no byte has left
    before_send: Callable[[], None] | None = None


class ProviderSession(requests.Session):
    """A session with one provider; threads may share it.

    It ignores the environment (proxies, .netrc, CA bundle), cookies and redirects.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.trust_env = False
        self.headers = CaseInsensitiveDict(HEADERS)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, WireAdapter(wire))

    def post_form(
        self,
        target: Target,
        form: Mapping[str, str],
        *,
        manner: Manner,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The whole reply of any HTTP status.

        Raises a ProviderError, whose `is_sent` says whether a byte may have left, or what
        `manner.before_send` raises; then nothing was sent.
        """
        # Half an emoji cannot be written in UTF-8; requests would raise where we would rather ask.
        fit = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
        request = requests.Request("POST", target.url, data=fit, headers=headers)
        return self.send(self._prepared(request), allow_redirects=False, manner=manner)

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 -- requests' signature
        """None: `requests` would prepare the next request, key included, even unasked."""
        return None

    def _prepared(self, request: requests.Request) -> requests.PreparedRequest:
        with contextlib.suppress(requests.RequestException):
            return self.prepare_request(request)
        # nothing chained: it holds the form
        raise Unreachable("the URL is not valid: expected https://host/path")


class WireAdapter(BaseAdapter):
    """Sends prepared requests to its wire's provider, whatever host they name.

    Arguments for time-outs, proxies and certificates are ignored: none can turn verification off.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(  # type: ignore[override]  # requests passes all by name, and `manner` along with them
        self, request: requests.PreparedRequest, *, manner: Manner, **_ignored: Any
    ) -> requests.Response:
        """The response, read to its end and without the form that was sent."""
        own = SENDING if manner.is_once else ASKING
        call = Call(
            path=request.path_url, headers={**request.headers, **own}, body=_bytes(request.body)
        )
        answer = (
            self._send_once(call, manner)
            if manner.is_once
            else self._wire.ask(call, cap=manner.cap)
        )
        return _response(answer, request)

    def close(self) -> None:
        """Close the kept connections."""
        self._wire.close()

    def _send_once(self, call: Call, manner: Manner) -> Answer:
        with contextlib.closing(self._wire.dial(cap=manner.cap)) as line:
            if manner.before_send is not None:
                manner.before_send()
            return line.post(call)


def _response(answer: Answer, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.raw = io.BytesIO(answer.body)
    response.url = request.url or ""
    response.request = request.copy()
    response.request.body = None  # it holds the key, and responses get logged
    return response


def _bytes(body: bytes | str | None) -> bytes:
    return body.encode("ascii") if isinstance(body, str) else body or b""
