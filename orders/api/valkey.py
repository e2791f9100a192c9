"""The API's short memory: counters and last requests in Valkey, which may be gone at any moment
without harm.
"""

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

PATIENCE: Final = 0.5  # seconds for connecting, and for an answer: it stands in the same rack
SILENCE: Final = 30.0  # seconds after a failure in which nobody waits for it

logger = logging.getLogger(__name__)


class Memory:
    """Valkey behind a breaker. One per process, shared by its threads."""

    def __init__(self, *, url: str, silence: float = SILENCE, patience: float = PATIENCE) -> None:
        # One more try where a connection has died since it was last used; none where an answer is
        # late.
        retry = Retry(NoBackoff(), 1, supported_errors=(NotConnected,))
        self._valkey = Redis.from_url(
            _as_valkey_spells(url),
            socket_connect_timeout=patience,
            socket_timeout=patience,
            retry=retry,
            decode_responses=True,
        )
        self._silence = silence
        self._silent_until = 0.0  # on the monotonic clock

    def run(self, fill: Callable[["Pipeline"], object]) -> list[Any] | None:
        """The answers to the commands that `fill` puts into a pipeline; None where Valkey is away.

        Costs one round trip, at most the time-out, and nothing during the silence after a failure.
        One caller at its end looks whether Valkey is back, while the others go on without.
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
                "Valkey does not answer (%s): the API counts in each process.", type(error).__name__
            )
            return None
        if was_away:
            self._silent_until = 0.0
        return answers


def _as_valkey_spells(url: str) -> str:
    """Celery's address of a socket in the words of Valkey's client; any other address as it is."""
    scheme, _, rest = url.partition("://")
    return f"unix://{rest.replace('virtual_host=', 'db=', 1)}" if scheme == "redis+socket" else url


@cache
def memory() -> Memory:
    """The process's own."""
    return Memory(url=settings.REDIS_URL)
