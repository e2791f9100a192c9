"""Errors of reading calls. No message, argument or chained exception holds the key."""

from __future__ import annotations

from catalog.upstream.outcomes import Reason
from outbound.errors import ProviderError
from outbound.exchange import Exchange


class ErrorReply(ProviderError):
    """The provider answered with an error of its own."""

    def __init__(
        self, text: str, *, reason: Reason = Reason.CUSTOMER, exchange: Exchange | None = None
    ) -> None:
        super().__init__(f"the provider answered: {text}", is_sent=True, exchange=exchange)
        self.text = text
        self.reason = reason


class Throttled(ProviderError):
    """The provider asks us to slow down (HTTP 429)."""

    def __init__(self, *, retry_after: float | None, exchange: Exchange | None = None) -> None:
        super().__init__("the provider asks us to slow down", is_sent=True, exchange=exchange)
        self.retry_after = retry_after  # seconds
