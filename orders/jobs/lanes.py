"""The skeleton of a sweep: each provider is a lane, asked on a thread until a deadline."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from django.conf import settings

from catalog.models import Provider
from catalog.provider_client import open_client
from catalog.upstream import Client, ProviderError
from lib.encryption import CannotUnseal
from lib.fan_out import spread

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 35.0  # after which a sweep begins nothing new
MARGIN: Final = 5.0  # seconds kept free before the task's soft limit

Ask = Callable[[Provider, Client], Counter[str]]


def sweep_end(*, most: float = SWEEP_SECONDS) -> float:
    """When (monotonic seconds) a sweep of at most `most` seconds begins nothing new.

    A call begun at the last moment still ends before the task's soft limit.
    """
    left = settings.CELERY_TASK_SOFT_TIME_LIMIT - settings.PROVIDER_TIMEOUT - MARGIN
    return time.monotonic() + max(1.0, min(most, left))


def ask_providers(ask: Ask, lanes: Sequence[Provider], *, threads: int, name: str) -> Counter[str]:
    """Call `ask` for each lane with a client of its own; the sum of what they counted.

    A provider that does not answer, or whose key cannot be decrypted, is counted as silent and
    keeps no other waiting. Raises the first unexpected error after all lanes had their turn.
    """
    return spread(partial(_ask, ask), lanes, threads=threads, name=name)


def work_off(
    batch: Callable[[], Counter[str]],
    *,
    stop_at: float,
    at_least: int = 0,
    at_most: int | None = None,
) -> Counter[str]:
    """Repeat `batch` until it counts nothing or "unanswered", or `stop_at` has passed.

    Runs `at_least` batches even after `stop_at`, so that slow lanes before this one do not starve
    it, and `at_most` in all.
    """
    tally: Counter[str] = Counter()
    turns = 0
    while turns < at_least or (time.monotonic() < stop_at and (at_most is None or turns < at_most)):
        counted = batch()
        tally += counted
        turns += 1
        if not counted or counted["unanswered"]:
            break
    return tally


def note_of(tally: Counter[str], *, nothing: str) -> str:
    """A sweep's note for the staff page, such as "12 accepted, 1 unclear"."""
    return ", ".join(f"{count} {what}" for what, count in sorted((+tally).items())) or nothing


def _ask(ask: Ask, provider: Provider) -> Counter[str]:
    try:
        with open_client(provider) as client:
            return ask(provider, client)
    except ProviderError as error:
        log.warning("provider %s does not answer: %s", provider.pk, error)
    except CannotUnseal:
        log.exception("provider %s cannot be asked: its key cannot be decrypted", provider.pk)
    return Counter({"provider silent": 1})
