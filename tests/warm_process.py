"""Processes of the panel that start at once: forks of one in which Django is set up.

A fork runs a program of a line or two, may be killed as any process, and has no database session
and no thread but its own. Starting a Python for each would take a second of a core.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

from panel.processes.run_panel import PROJECT
from tests.waiting import wait_for

LIMIT = 240.0  # seconds for one program


class Fork:
    """One program on its way."""

    def __init__(self, parent: "WarmProcess", pid: int, output: Path) -> None:
        self.pid = pid
        self._parent = parent
        self._output = output

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit code (negative: the signal) and what it printed."""
        code = wait_for(lambda: self._parent.ask(wait=self.pid), limit=LIMIT, every=0.01)[0]
        said = self._output.read_text().strip()
        self._output.unlink()
        return code, said


class WarmProcess:
    """The process that forks; ends when this one does."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm_process"],
            cwd=PROJECT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, program: str, *, env: Mapping[str, str]) -> Fork:
        """Run `program` in a fork whose environment also has `env`; the settings are read
        already.
        """
        handle, output = tempfile.mkstemp(prefix="panel-fork-")
        os.close(handle)
        return Fork(self, self.ask(program=program, env=dict(env), output=output), Path(output))

    def ask(self, **request: object) -> Any:
        """One request to the process, and its answer."""
        stdin, stdout = _pipes(self._process)
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def stop(self) -> None:
        """End it."""
        for pipe in _pipes(self._process):
            pipe.close()
        self._process.wait()


@cache
def warm_process(**env: str) -> WarmProcess:
    """The process of this test run whose settings were read from `env`."""
    started = WarmProcess(env)
    atexit.register(started.stop)
    return started


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def main() -> None:
    """Fork for every request on standard input, or tell whether a fork has ended."""
    import django

    django.setup()
    from orders import tasks  # noqa: F401  # imports whatever a sweep does

    for line in sys.stdin:
        request = json.loads(line)
        answer = _ended(request["wait"]) if "wait" in request else _fork(request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _ended(pid: int) -> list[int] | None:
    """The exit code, in a list; None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return [os.waitstatus_to_exitcode(status)] if found else None


def _fork(request: Mapping[str, Any]) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        output = os.open(request["output"], os.O_WRONLY)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.environ |= request["env"]
        exec(request["program"], {})  # noqa: S102  # a test's own
        sys.stdout.flush()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001  # the fork must not go on as its parent does
        traceback.print_exc()
    os._exit(code)


if __name__ == "__main__":
    main()
