"""Valkey for the API's counters and latest requests. It may fail at any moment without harm."""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.retry import Retry

TIMEOUT: Final = 0.5  # seconds to connect, and to answer
SILENCE: Final = 30.0  # seconds after a failure without further attempts

logger = logging.getLogger(__name__)


class Memory:
    """Valkey behind a circuit breaker. One per process, shared by its threads."""

    def __init__(self, *, url: str, silence: float = SILENCE, timeout: float = TIMEOUT) -> None:
        # Retry once if the connection has died since its last use, but not if an answer is late.
        retry = Retry(NoBackoff(), 1, supported_errors=(NotConnected,))
        self._valkey = Redis.from_url(
            _as_valkey_spells(url),
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
            retry=retry,
            decode_responses=True,
        )
        self._silence = silence
        self._silent_until = 0.0  # on the monotonic clock

    def run(self, fill: Callable[["Pipeline"], object]) -> list[Any] | None:
        """The answers to the commands that `fill` puts into a pipeline; None if Valkey is down.

        Takes at most the time-out, and nothing during the silence after a failure. When it ends,
        one caller tries again while the others continue without.
        """
        began = time.monotonic()
        if began < self._silent_until:
            return None
        was_away = bool(self._silent_until)
        if was_away:
            self._silent_until = began + self._silence
        try:
            with self._valkey.pipeline(transaction=False) as pipeline:
                fill(pipeline)
                answers: list[Any] = pipeline.execute()
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + self._silence
            logger.warning(
                "Valkey does not answer (%s): API limits are counted per process.",
                type(error).__name__,
            )
            return None
        if was_away:
            self._silent_until = 0.0
        return answers


def _as_valkey_spells(url: str) -> str:
    """Celery's socket URL as Valkey's client spells it; any other URL unchanged."""
    scheme, _, rest = url.partition("://")
    return f"unix://{rest.replace('virtual_host=', 'db=', 1)}" if scheme == "redis+socket" else url


@cache
def memory() -> Memory:
    """The one of this process."""
    return Memory(url=settings.REDIS_URL)
