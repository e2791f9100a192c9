"""Starts many threads, each with a database session of its own, at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
LIMIT = 120.0  # seconds until all have started


def at_once(act: Callable[[int], T], *, times: int, threads: int | None = None) -> list[T]:
    """What `act(0)` … `act(times - 1)` gave. The first call of each thread starts together with the
    others' first; there is one thread for each call, or so many as are named.
    """
    threads = threads or times
    start = Barrier(threads)

    def run(number: int) -> T:
        try:
            if number < threads:
                connection.ensure_connection()
                start.wait(LIMIT)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(times)))


def together(*acts: Callable[[], object], errors: tuple[type[Exception], ...] = ()) -> list[object]:
    """What each act gave, or the one of `errors` that it raised; all begin at one moment."""

    def run(number: int) -> object:
        try:
            return acts[number]()
        except errors as error:
            return error

    return at_once(run, times=len(acts))
