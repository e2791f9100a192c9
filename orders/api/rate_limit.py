"""Rate limits per key and per IP address, checked before any database query.

A window is a minute of the clock. Counters are in Valkey, shared by all processes; while it is down
each process counts for itself. A key's limit is set by its group; a process caches it for a minute.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from redis.client import Pipeline

from orders.api.answers import ApiError
from orders.api.valkey import memory

WINDOW: Final = 60  # seconds
# of one IP address in a window: more than mistakes, too few to load the database
MAX_WRONG_KEYS: Final = 60
KNOWN_FOR: Final = 60.0  # seconds for which a key's limit is cached
MAX_KNOWN: Final = 50_000  # keys; then the cache is cleared


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests in this window, including this one."""

    of_ip: int
    of_key: int
    wrong_of_ip: int  # with invalid keys
    seconds_left: int

    def reject_above(self, *, most_of_key: int) -> None:
        """Raise ApiError 429 above a limit. An address's is at least its key's."""
        most_of_ip = max(most_of_key, settings.API_IP_REQUESTS_PER_MINUTE)
        if self.of_key > most_of_key or self.of_ip > most_of_ip:
            raise too_many(self.seconds_left)


def too_many(seconds: int) -> ApiError:
    """The response above a limit, which applies for so many more seconds."""
    return ApiError("Too many requests", status=429, retry_after=seconds)


class Limiter:
    """The counters and the cached limits. One per process, shared by its threads."""

    def __init__(self) -> None:
        self._own: Counter[str] = Counter()
        self._own_window = 0
        # key → requests in a window, until (monotonic)
        self._known: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, *, ip: str, key: str, now: datetime) -> Counts:
        """Count a request with this key (its fingerprint); raises ApiError 429 above the limit.

        A key that is not cached passes, since its limit is unknown, except from an address that
        has sent too many invalid ones.
        """
        window, seconds_left = _window(now)
        of_ip, of_key, wrong = self._count(
            window, [f"ip:{ip}", f"key:{key}"], look_at=f"wrong:{ip}"
        )
        counts = Counts(of_ip=of_ip, of_key=of_key, wrong_of_ip=wrong, seconds_left=seconds_left)
        most = self._most(key)
        if most is not None:
            counts.reject_above(most_of_key=most)
        elif wrong >= MAX_WRONG_KEYS:
            raise too_many(seconds_left)
        return counts

    def count_wrong_key(self, *, ip: str, now: datetime) -> None:
        """Count an invalid key."""
        window, _ = _window(now)
        self._count(window, [f"wrong:{ip}"], look_at="")

    def learn(self, *, key: str, most: int) -> None:
        """Cache that this key is valid, and its limit per window."""
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[key] = (most, time.monotonic() + KNOWN_FOR)

    def _most(self, key: str) -> int | None:
        most, until = self._known.get(key, (None, 0.0))
        return most if time.monotonic() < until else None

    def _count(self, window: int, names: list[str], *, look_at: str) -> tuple[int, int, int]:
        """The counts of the names after adding one, and that of `look_at`."""
        answers = memory().run(_commands(window, names, look_at=look_at))
        if answers is None:
            return self._count_here(window, names, look_at=look_at)
        return int(answers[0]), int(answers[2]) if len(names) > 1 else 0, int(answers[-1] or 0)

    def _count_here(self, window: int, names: list[str], *, look_at: str) -> tuple[int, int, int]:
        with self._lock:
            if window != self._own_window:
                self._own.clear()
                self._own_window = window
            self._own.update(names)
            return self._own[names[0]], self._own[names[-1]], self._own[look_at]


def _commands(window: int, names: list[str], *, look_at: str) -> Callable[[Pipeline], None]:
    def fill(pipeline: Pipeline) -> None:
        for name in names:
            pipeline.incr(f"api:{window}:{name}")
            pipeline.expire(f"api:{window}:{name}", 2 * WINDOW)
        pipeline.get(f"api:{window}:{look_at}")

    return fill


def _window(now: datetime) -> tuple[int, int]:
    """The number of the window, and its remaining seconds, 1 to 60."""
    moment = int(now.timestamp())
    return moment // WINDOW, WINDOW - moment % WINDOW


limiter = Limiter()
