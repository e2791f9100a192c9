"""A reply as it is stored and shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A provider's reply: the key is masked, the body cut to 2 KB of text."""

    http_status: int | None = None  # None: no status line came
    body: str = ""
    elapsed: float = 0.0  # seconds
