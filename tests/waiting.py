"""Waiting for a state, the same way everywhere, with a patience that a busy machine keeps."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Seconds. What takes two on a machine that does nothing else takes a minute at load 40; nobody
# waits longer than the state needs.
PATIENCE = 240.0


def wait_for(
    look: Callable[[], T],
    *,
    limit: float = PATIENCE,
    every: float = 0.05,
    tell: Callable[[], object] = lambda: "",
) -> T:
    """What `look()` gives as soon as that is true.

    Fails after `limit` seconds with what `tell()` says.
    """
    give_up_at = time.monotonic() + limit
    while not (seen := look()):
        assert time.monotonic() < give_up_at, f"not within {limit:.0f} s: {tell()}"
        time.sleep(every)
    return seen
