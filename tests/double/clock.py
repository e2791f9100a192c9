"""The provider's time, which tests may stop and move."""

import time


class Clock:
    """Seconds since the provider opened: real time × speed, plus what was advanced by hand.

    Speed 0 is frozen.
    """

    def __init__(self, *, speed: float) -> None:
        self.speed = speed
        self._base = 0.0
        self._since = time.monotonic()

    def now(self) -> float:
        """Answer the provider's time in seconds; it never runs backwards."""
        return self._base + (time.monotonic() - self._since) * self.speed

    def advance(self, *, seconds: float) -> None:
        """Move on at once; raises ValueError for a step back, which would revive ended orders."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._base += seconds

    def set_speed(self, *, speed: float) -> None:
        """Go on from the present moment at another speed (provider seconds per real second)."""
        if speed < 0:
            raise ValueError("speed must not be negative")
        self._base, self._since = self.now(), time.monotonic()
        self.speed = speed
