"""Errors of outgoing requests."""

from outbound.exchange import Exchange


class ProviderError(Exception):
    """No usable reply."""

    def __init__(
        self, message: str, *, is_sent: bool = False, exchange: Exchange | None = None
    ) -> None:
        super().__init__(message)
        self.is_sent = is_sent  # whether a byte of the request may have left us
        self.exchange = exchange or Exchange()


class Unreachable(ProviderError):
    """No connection; no byte of the request was sent."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing  # whether a retry may succeed


class ForbiddenAddress(Unreachable):
    """We may not connect to the URL or an address of its host."""


class TimedOut(ProviderError):
    """The call's deadline passed."""


class Interrupted(ProviderError):
    """The connection broke during the request."""


class BadReply(ProviderError):
    """The reply is not the API's: HTML, cut short, too large, a redirect or a bare 5xx."""
