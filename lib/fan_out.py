"""Spreading one act over many providers at once, each in a thread: one that fails keeps no other
from its turn.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import InterfaceError, OperationalError

log = logging.getLogger(__name__)

# the database restarts, or a lock was not had: nobody need look
AWAY = (OperationalError, InterfaceError)

Item = TypeVar("Item")


def spread(
    act: Callable[[Item], Counter[str]], over: Iterable[Item], *, threads: int, name: str
) -> Counter[str]:
    """What `act` counted for every item, at most `threads` at a time; the threads are called
    `name`.

    Raises the first unexpected error after all the others had their turn, and logs any further one.
    `act` closes its thread's database session.
    """
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name) as pool:
        # Not pool.map: at the first error that gives up what has not begun.
        turns = [pool.submit(act, item) for item in over]
    errors = [error for turn in turns if (error := turn.exception())]
    for error in errors[1:]:
        if isinstance(error, AWAY):
            log.warning("%s: the database does not answer (%s)", name, type(error).__name__)
        else:
            log.error("%s: one turn broke off", name, exc_info=error)
    if errors:
        raise errors[0]
    return sum((turn.result() for turn in turns), Counter[str]())
