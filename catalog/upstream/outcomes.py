"""What a request that orders something may have done, as types: nothing is left to an exception or
to a guess.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from outbound.exchange import Exchange


class Reason(enum.Enum):
    """Why a provider refused.

    Only CUSTOMER is about the order; the others are about our account there.
    """

    CUSTOMER = "customer"
    NO_FUNDS = "no_funds"
    BAD_KEY = "bad_key"
    THROTTLED = "throttled"

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
    """The provider said no, in so many words: nothing was placed and nothing will be."""

    text: str
    reason: Reason
    raw: Exchange


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request left us, or the provider answered 429: it may be sent again later."""

    detail: str
    raw: Exchange
    is_429: bool = False
    retry_after: float | None = None  # seconds, as the provider asks


@dataclass(frozen=True, slots=True)
class Unclear:
    """The request may have had its effect.

    It must never be sent again without a proof that it had none.
    """

    detail: str
    raw: Exchange


AddOutcome = Accepted | Rejected | NotSent | Unclear
