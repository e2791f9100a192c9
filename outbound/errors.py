"""What can go wrong with a request that we send."""

from outbound.exchange import Exchange


class ProviderError(Exception):
    """A provider could not be asked or did not answer usably."""

    def __init__(
        self, message: str, *, is_sent: bool = False, exchange: Exchange | None = None
    ) -> None:
        super().__init__(message)
        self.is_sent = is_sent  # whether a byte of the request may have left us
        self.exchange = exchange or Exchange()


class Unreachable(ProviderError):
    """No connection: name not found, refused, TLS not agreed. No byte of the request was sent."""

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing  # whether the next moment may already be better


class ForbiddenAddress(Unreachable):
    """The URL, or an address its name leads to, is not one that we may connect to."""


class TimedOut(ProviderError):
    """The one deadline of the call passed."""


class Interrupted(ProviderError):
    """The connection broke after the request had begun."""


class BadReply(ProviderError):
    """An answer came that is not one of the API: HTML, cut short, too large, a redirect, a 5xx
    without an error.
    """
