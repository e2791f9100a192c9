"""Runs a function in a child process; if either is killed, nothing is left running."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from panel.embedded.child_processes import adopt_orphans, die_with_parent, end_orphans
from panel.processes.supervisor import HEARD, STOP

# set by the Makefile: a killed `make` would leave us running
TIED = "PANEL_STOPS_WITH_PARENT"
PAUSE = 1.0  # seconds before a restart


def run_guarded(body: Callable[[], int], *, report: Callable[[str], None]) -> int:
    """Run `body` in a forked child until it returns; return its exit code.

    The child stops when we are asked to, or die. If it is killed, we end what it started and run
    `body` again. Needs a single-threaded process; leaves `HEARD` blocked.
    """
    adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    own_pid = os.getpid()
    if TIED in os.environ:
        die_with_parent(parent=os.getppid(), signal_number=signal.SIGTERM)
    sys.stdout.flush()
    while True:
        pid = os.fork()
        if pid == 0:
            _run_inside(body, parent=own_pid)
        status, is_stopping = _wait_for(pid)
        end_orphans(known=frozenset(), grace=10.0)
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
        if is_stopping:
            return 1
        report("The supervising process was killed; starting everything again.")
        time.sleep(PAUSE)


def _run_inside(body: Callable[[], int], *, parent: int) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)  # Ctrl-C reaches only the parent, which passes it on once
        adopt_orphans()
        die_with_parent(parent=parent, signal_number=signal.SIGTERM)
        code = body()
    except BaseException:  # noqa: BLE001  # a forked child must never return into its parent's callers
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait_for(pid: int) -> tuple[int, bool]:
    is_stopping = False
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status, is_stopping
        heard = signal.sigtimedwait(HEARD, 1.0)
        if heard is not None and heard.si_signo in STOP:
            is_stopping = True
            os.kill(pid, signal.SIGTERM)
