"""Post bytes once to a customer's URL, with the same protection as for providers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from outbound.endpoint import Endpoint, parse_url
from outbound.errors import ProviderError
from outbound.exchange import Exchange
from outbound.key_mask import KeyMask
from outbound.reply import exchange_of, retry_after
from outbound.sockets import Resolver, look_up
from outbound.wire import Call, Wire

MAX_ANSWER = 65_536  # bytes that are read; only the status counts
ONCE = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Posted:
    """The result of a post, to be stored and shown."""

    raw: Exchange  # `raw.http_status` may be known although no whole answer came
    problem: str = ""  # why no whole answer came; empty where one did
    retry_after: float | None = None  # seconds, as the receiver asks

    @property
    def is_taken(self) -> bool:
        """Whether the status was 2xx, even if the rest of the reply failed."""
        return self.raw.http_status is not None and 200 <= self.raw.http_status < 300


def post(
    *,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    cap: int = MAX_ANSWER,
    resolver: Resolver = look_up,
) -> Posted:
    """Post `body` at most once; never raises a ProviderError.

    https to public addresses only; no redirects, proxies or cookies; one deadline. `endpoint.key`
    is not sent, only masked in the reply.
    """
    mask = KeyMask(endpoint.key)
    wire = Wire(endpoint, mask=mask, resolver=resolver)
    try:
        target = parse_url(endpoint.url, is_private_allowed=endpoint.is_private_allowed)
        with contextlib.closing(wire.dial(cap=cap)) as line:
            answer = line.post(Call(path=target.path, headers={**ONCE, **headers}, body=body))
            elapsed = line.deadline.elapsed()
    except ProviderError as error:
        return Posted(raw=error.exchange, problem=str(error))
    raw = exchange_of(answer.status, answer.body, elapsed=elapsed, mask=mask)
    return Posted(raw=raw, retry_after=retry_after(answer.headers))
