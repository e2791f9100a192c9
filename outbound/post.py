"""Posting bytes once to an address that a customer named, behind the very guard that stands before
providers.
"""

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

CAP = 65_536  # bytes of an answer that are read; its status line is what counts
ONCE = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a post; fit to be stored, and shown as text."""

    raw: Exchange  # `raw.http_status` may be known although no whole answer came
    problem: str = ""  # why no whole answer came; empty where one did
    retry_after: float | None = None  # seconds, as the receiver asks

    @property
    def is_taken(self) -> bool:
        """Whether the receiver answered with 2xx, whatever became of the rest of its answer."""
        return self.raw.http_status is not None and 200 <= self.raw.http_status < 300


def post(
    *,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    cap: int = CAP,
    resolver: Resolver = look_up,
) -> Posted:
    """Post `body`, sending it at most once; never raises a ProviderError, whatever the other side
    does.

    Only https to public addresses, no redirects, no proxies, no cookies; one deadline over
    everything. `endpoint.key` is not sent: it is blanked out where the answer repeats it.
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
