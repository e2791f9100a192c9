"""Hurts the panel's processes at random moments: kill -9, SIGSTOP, immediate restarts of
PostgreSQL, a lost broker.
"""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from redis.exceptions import RedisError

from tests.faults.stand import Stand

# How often each happens, in seconds on average
EVERY = {"child": 3.6, "main": 20.0, "stop": 9.0, "postgres": 46.0, "broker": 44.0}
# The workers' children do the forwarding and tracking, so they die most often
CHILDREN = ("submit child", "submit child", "poll child", "web child")
MAINS = ("submit", "poll", "web", "beat", "second beat")
STOPPABLE = ("submit child", "submit child", "poll child", "web child", "beat", "submit")
# What a run of 10,000 orders must have met; fewer orders, proportionally less, and each of them at
# least once
LEAST = {"kills": 150, "stops": 50, "restarts of PostgreSQL": 10, "losses of the broker": 10}
FULL = 10_000  # orders
MAX_STOP = 8.0  # seconds; beyond the lease of a claim and the provider's time-out


class Disturber:
    """Does what is due whenever it is asked to; the same for the same luck, as far as processes
    can be the same.
    """

    def __init__(self, stand: Stand, luck: random.Random) -> None:
        self.stand = stand
        self.luck = luck
        self.done: Counter[str] = Counter()
        # sooner than usual the first time, so that a short run meets each of them
        self._due = {what: time.monotonic() + 0.25 * self._wait(what) for what in EVERY}
        self._stopped: dict[int, float] = {}  # pid → until

    def step(self) -> None:
        """Do what is due now."""
        now = time.monotonic()
        acts: dict[str, Callable[[], None]] = {
            "child": self._kill_child,
            "main": self._kill_main,
            "stop": self._stop,
            "postgres": self._restart_postgres,
            "broker": self._lose_broker,
        }
        for what, act in acts.items():
            if now >= self._due[what]:
                act()
                self._due[what] = time.monotonic() + self._wait(what)
        self.let_go(until=now)
        self.stand.keep_second_beat()

    def has_done_enough(self, *, orders: int) -> bool:
        """Whether each kind of harm was done as often as a run of so many orders must meet
        it, and at least once.
        """
        return all(
            self.done[kind] >= max(1, least * orders // FULL) for kind, least in LEAST.items()
        )

    def let_go(self, *, until: float = float("inf")) -> None:
        """Let those go on that have stood still long enough; all of them where no moment is
        given.
        """
        for pid in [pid for pid, moment in self._stopped.items() if moment <= until]:
            del self._stopped[pid]
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _kill_child(self) -> None:
        self._kill(self.luck.choice(CHILDREN))

    def _kill_main(self) -> None:
        self._kill(self.luck.choice(MAINS))

    def _kill(self, role: str) -> None:
        if self.stand.kill(role, which=self.luck.randrange(8)) is not None:
            self.done["kills"] += 1

    def _stop(self) -> None:
        pid = self.stand.signal(
            self.luck.choice(STOPPABLE), signal.SIGSTOP, which=self.luck.randrange(8)
        )
        if pid is not None:
            self._stopped[pid] = time.monotonic() + self.luck.uniform(0.5, MAX_STOP)
            self.done["stops"] += 1

    def _restart_postgres(self) -> None:
        if self.stand.restart_postgres() is not None:
            self.done["restarts of PostgreSQL"] += 1

    def _lose_broker(self) -> None:
        if self.luck.random() < 0.5:
            if self.stand.kill("valkey") is None:
                return
        else:
            try:
                self.stand.flush_broker()
            except RedisError:  # it is just starting again
                return
        self.done["losses of the broker"] += 1

    def _wait(self, what: str) -> float:
        return self.luck.uniform(0.5, 1.5) * EVERY[what]
