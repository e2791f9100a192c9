"""Keeps child processes running: starts them in order, restarts dead ones, stops all in reverse."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from panel.embedded.child_processes import Child, end_orphans, kill_group, spawn
from panel.embedded.programs import last_line

STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
# blocked and handled one by one, so no handler interrupts anything
HEARD = STOP | {signal.SIGCHLD}
HURRY = 3.0  # seconds for all but the database if nobody waits for us any more
# seconds before a restart, doubling while a child dies early
FIRST_PAUSE, MAX_PAUSE = 0.2, 10.0
SOUND = 5.0  # seconds after which a child counts as running
TRIES = 3  # deaths of one child after which the start has failed


class ChildFailed(Exception):
    """A child cannot be started; the message names its log."""


class StopRequested(Exception):
    """We were asked to stop."""


@dataclass
class _Run:
    child: Child
    process: subprocess.Popen[bytes]
    started_at: float
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Runs children for one process, which must be single-threaded and have `HEARD` blocked.

    `report` takes one line for the operator. Nothing survives `stop`, grandchildren included.
    """

    def __init__(self, *, report: Callable[[str], None]) -> None:
        self._report = report
        self._runs: list[_Run] = []
        self._is_settled = False
        self._parent = os.getppid()

    def start(self, child: Child) -> None:
        """Start `child` and keep it running."""
        child.prepare()
        self._runs.append(_Run(child, spawn(child), time.monotonic()))

    def finish(self, child: Child, *, limit: float) -> None:
        """Run `child` once, for at most `limit` s. Raises ChildFailed, StopRequested."""
        process = spawn(child)
        deadline = time.monotonic() + limit
        try:
            while process.poll() is None and time.monotonic() < deadline:
                self._step(0.1, spare=process.pid)
        finally:
            kill_group(process.pid)
        if process.wait() != 0:
            raise ChildFailed(f"{child.name} failed ({last_line(child.log)}): see {child.log}")

    def wait_until(self, condition: Callable[[], bool], *, limit: float, what: str) -> None:
        """Wait until `condition` holds, at most `limit` s. Raises ChildFailed, StopRequested."""
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                raise ChildFailed(f"{what} did not happen within {limit:.0f} seconds")
            self._step(0.05)

    def watch(self) -> NoReturn:
        """Keep all children running until StopRequested."""
        self._is_settled = True
        while True:
            self._step(3600.0)

    def stop(self) -> None:
        """Stop all children in reverse order; those of a kind (`worker-…`) together."""
        while self._runs:
            group = [self._runs.pop()]
            while self._runs and (
                _kind(self._runs[-1]) == _kind(group[0]) or self._is_hurried(self._runs[-1])
            ):
                group.append(self._runs.pop())
            self._end(group)
        end_orphans(known=frozenset(), grace=HURRY)

    def _end(self, group: list[_Run]) -> None:
        alive = [run for run in group if run.process.poll() is None]
        for run in alive:
            run.process.send_signal(run.child.stop_signal)
        began = time.monotonic()
        is_impatient = False
        while alive := [run for run in alive if run.process.poll() is None]:
            for run in alive:
                grace = HURRY if is_impatient or self._is_hurried(run) else run.child.grace
                if time.monotonic() - began > grace:
                    kill_group(run.process.pid)
            heard = signal.sigtimedwait(HEARD, 0.1)
            is_impatient = is_impatient or (heard is not None and heard.si_signo in STOP)
        for run in group:
            kill_group(run.process.pid)

    def _is_hurried(self, run: _Run) -> bool:
        return os.getppid() != self._parent and run.child.name != "postgres"

    def _step(self, timeout: float, *, spare: int | None = None) -> None:
        """Wait for one signal, at most `timeout` s, and do what is due."""
        now = time.monotonic()
        dues = [max(run.restart_at - now, 0.0) for run in self._runs if run.restart_at is not None]
        heard = signal.sigtimedwait(HEARD, min([timeout, *dues]))
        if heard is not None and heard.si_signo in STOP:
            raise StopRequested
        for run in self._runs:
            if run.restart_at is None and run.process.poll() is not None:
                self._note_death(run)
        if heard is not None:
            known = {run.process.pid for run in self._runs} | {spare}
            end_orphans(known=frozenset(pid for pid in known if pid is not None), grace=1.0)
        for run in self._runs:
            if run.restart_at is not None and run.restart_at <= time.monotonic():
                run.child.prepare()
                run.process, run.started_at, run.restart_at = (
                    spawn(run.child),
                    time.monotonic(),
                    None,
                )

    def _note_death(self, run: _Run) -> None:
        kill_group(run.process.pid)
        now = time.monotonic()
        run.deaths = 1 if self._is_settled and now - run.started_at > SOUND else run.deaths + 1
        if not self._is_settled and run.deaths >= TRIES:
            raise ChildFailed(
                f"{run.child.name} does not start ({last_line(run.child.log)}): see {run.child.log}"
            )
        run.restart_at = now + min(FIRST_PAUSE * 2 ** (run.deaths - 1), MAX_PAUSE)
        self._report(
            f"{run.child.name} ended ({run.process.returncode}), restarting. Log: {run.child.log}"
        )


def _kind(run: _Run) -> str:
    return run.child.name.partition("-")[0]
