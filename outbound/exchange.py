"""One request and its reply, as they are stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a provider answered, fit to be stored and shown: the key is masked, the body is cut
    to 2 KB of text.
    """

    http_status: int | None = None  # None: no status line came
    body: str = ""
    elapsed: float = 0.0  # seconds
