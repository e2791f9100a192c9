"""What a sending call may have done, as types."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from outbound.exchange import Exchange


class Reason(enum.Enum):
    """Why a provider rejected a call: CUSTOMER is about the order, the others about our account."""

    CUSTOMER = "customer"
    NO_FUNDS = "no_funds"
    BAD_KEY = "bad_key"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"  # a message of which nobody knows what it means

    @property
    def is_ours(self) -> bool:
        """Whether the order should wait (HELD) instead of being refunded."""
        return self is not Reason.CUSTOMER


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider placed the order and named it."""

    order_id: str
    raw: Exchange


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider rejected it: nothing was placed or will be."""

    text: str
    reason: Reason
    raw: Exchange


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte left us, or the reply was HTTP 429: it may be sent again."""

    detail: str
    raw: Exchange
    is_429: bool = False
    retry_after: float | None = None  # seconds, as the provider asks


@dataclass(frozen=True, slots=True)
class Unclear:
    """The request may have taken effect; it must not be resent without evidence that it did not."""

    detail: str
    raw: Exchange
    text: str = ""  # of a rejection that is unclear for its words alone


AddOutcome = Accepted | Rejected | NotSent | Unclear
