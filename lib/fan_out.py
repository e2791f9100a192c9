"""Run many calls at a time in threads; one that fails does not stop the others."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connections

log = logging.getLogger(__name__)

# the database restarts, or did not give a lock: nobody needs to act
AWAY = (OperationalError, InterfaceError)

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    act: Callable[[Item], Counter[str]], over: Iterable[Item], *, threads: int, name: str
) -> Counter[str]:
    """The sum of what `act` counted for every item, at most `threads` at a time.

    One thread is the caller's own. Other threads are called `name` and close their database
    session after each item. The first unexpected error is raised after all others had their turn;
    further ones are logged.
    """
    if threads == 1:
        turns = [_turn(act, item) for item in over]
    else:
        with ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name) as pool:
            # Not pool.map: at the first error that gives up what has not begun.
            turns = [pool.submit(_and_close, act, item) for item in over]
    errors = [error for turn in turns if (error := turn.exception())]
    for error in errors[1:]:
        if isinstance(error, AWAY):
            log.warning("%s: the database does not answer (%s)", name, type(error).__name__)
        else:
            log.error("%s: one turn failed", name, exc_info=error)
    if errors:
        raise errors[0]
    return sum((turn.result() for turn in turns), Counter[str]())


def _and_close(act: Callable[[Item], Counter[str]], item: Item) -> Counter[str]:
    try:
        return act(item)
    finally:
        connections.close_all()


def _turn(act: Callable[[Item], Counter[str]], item: Item) -> "Future[Counter[str]]":
    turn: Future[Counter[str]] = Future()
    try:
        turn.set_result(act(item))
    except Exception as error:  # noqa: BLE001  # raised by the caller, as from a thread
        turn.set_exception(error)
    return turn


class InFlight(Generic[Item, Result]):
    """Calls in flight, each for an item; those that end are handled while others go on."""

    def __init__(self, *, look_every: float) -> None:
        self.look_every = look_every  # seconds that `ended` waits at most
        self.calls: dict[Future[Result], Item] = {}

    def begin(self, threads: ThreadPoolExecutor, call: Callable[[], Result], item: Item) -> None:
        """Start one more call."""
        self.calls[threads.submit(call)] = item

    def count(self) -> Counter[Item]:
        """How many calls are in flight for each item."""
        return Counter(self.calls.values())

    def ended(self) -> Iterator[tuple[Item, "Future[Result]"]]:
        """Wait a moment, and yield what has ended."""
        done, _ = wait(self.calls, timeout=self.look_every, return_when=FIRST_COMPLETED)
        for call in done:
            yield self.calls.pop(call), call
