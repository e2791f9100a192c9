"""A whole reply, and the part of it that is stored."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field

from outbound.exchange import Exchange
from outbound.key_mask import KeyMask

MAX_KEPT = 2048  # bytes of a reply that are stored
MAX_WAIT = 86_400.0  # seconds: a Retry-After beyond a day is a mistake


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply of any HTTP status."""

    status: int
    body: bytes = field(repr=False)  # not masked
    retry_after: float | None
    exchange: Exchange


def exchange_of(
    status: int | None, body: bytes | bytearray, *, elapsed: float, mask: KeyMask
) -> Exchange:
    """The stored form of a reply, or of the part that came; `elapsed` in seconds."""
    text = bytes(body[: 2 * MAX_KEPT]).decode("utf-8", "replace").replace("\0", "")
    kept = mask.text(text).encode()[:MAX_KEPT].decode("utf-8", "ignore")
    return Exchange(http_status=status, body=kept, elapsed=elapsed)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from either form of the header; None where it is absent or invalid."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(text)
        now = (
            email.utils.parsedate_to_datetime(headers.get("Date", ""))
            if "Date" in headers
            else None
        )
        waiting = until - (now or dt.datetime.now(dt.UTC))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(waiting.total_seconds(), 0.0), MAX_WAIT)
