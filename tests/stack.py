"""A running panel: `manage.py up` as a real process on a data folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from panel.embedded import Paths, broker_url, database_url
from panel.embedded.child_processes import children_of, leftovers
from panel.processes.run_panel import PROJECT
from tests import prepared
from tests.processes import is_alive, line_of
from tests.waiting import PATIENCE, wait_for
from tests.warm_process import Fork, warm_process

FAST = {  # seconds; the real worker and beat, only quicker
    "SUBMIT_EVERY": "1",
    "REAP_EVERY": "2",
    "TRACK_EVERY": "1",
    "TRACK_MIN_INTERVAL": "1",
    "REFILL_EVERY": "1",
    "RESOLVE_EVERY": "2",
    "PROVIDER_TIMEOUT": "3",
    "UNCLEAR_QUIET": "6",
    "REFUND_CONFIRM": "1",
    "PROVIDER_ALLOW_PRIVATE": "on",
}
SECRETS = ("SECRET_KEY", "ENCRYPTION_KEYS", "API_KEY_PEPPER")
# of our own environment: nothing that configures a panel
KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV"}


class Stack:
    """One panel, started with `manage.py up` as an operator would.

    Its first start finds a database with every table, unless `is_fresh` or another user runs it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: int | None = None,
        is_fresh: bool = False,
    ) -> None:
        self.data_dir = Paths.of(data_dir).data_dir
        self.env = {name: value for name, value in os.environ.items() if name in KEPT}
        self.env |= {**FAST, "PANEL_DATA_DIR": str(self.data_dir), **(env or {})}
        self.user = user
        self.is_fresh = is_fresh or user is not None
        self.url = ""
        self.output = self.data_dir.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `manage.py up` and return at once."""
        return self._launch("up", "--port", "0", *arguments)

    def _launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        if not self.is_fresh:
            prepared.copy_into(self.data_dir)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self._line(*arguments),
                cwd=PROJECT,
                env=self.env,
                stdout=output,
                stderr=output,
            )
        return self.process

    def start(self, *arguments: str, limit: float = PATIENCE) -> None:
        """Start and wait for the ready line, `limit` seconds at most."""
        process = self.launch(*arguments)
        wait_for(
            lambda: process.poll() is not None or "\nready http" in f"\n{self.said()}", limit=limit
        )
        addresses = [
            line.removeprefix("ready ")
            for line in self.said().splitlines()
            if line.startswith("ready ")
        ]
        assert addresses, f"the panel did not start: {self.said()}"
        self.url = addresses[-1]

    def stop(self, *, number: signal.Signals = signal.SIGTERM, limit: float = 180.0) -> int:
        """Send `number` and wait for the end, `limit` seconds at most; return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(limit)

    def assert_stopped_cleanly(self) -> None:
        """Nothing runs any more, and PostgreSQL had the time to shut down."""
        assert leftovers(data_dir=self.data_dir) == []
        log = (self.data_dir / "log" / "postgres.log").read_text().rstrip()
        assert log.endswith("database system is shut down")

    def end(self) -> None:
        """Stop it where it still runs, in whatever state."""
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def reap(self) -> None:
        """Take note that the command was killed."""
        assert self.process is not None
        self.process.wait(60)

    def said(self) -> str:
        """What the command has printed so far."""
        return self.output.read_text()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another management command beside the panel."""
        return subprocess.run(
            self._line(*arguments),
            cwd=PROJECT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start_beside(self, program: str, *, fault_point: str = "") -> Fork:
        """Run lines of Python on the running panel's database and settings, in a process of its
        own.
        """
        # empty: the panel's data folder has them
        env = dict.fromkeys(SECRETS, "") | self.env
        env |= {"DATABASE_URL": database_url(self.data_dir), "REDIS_URL": broker_url(self.data_dir)}
        return warm_process(**env).start(program, env={"FAULT_POINT": fault_point})

    def ask(self, program: str) -> str:
        """What lines of Python print there."""
        code, said = self.start_beside(program).end()
        assert code == 0, said
        return said

    def audit(self) -> None:
        """Assert that the money adds up."""
        answer = self.manage("audit")
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def processes(self) -> list[int]:
        """Every process that runs for this panel, the command itself first."""
        family = [self.process.pid] if self.process is not None else []
        for pid in family:
            family += children_of(pid)
        return [
            pid
            for pid in dict.fromkeys(family + leftovers(data_dir=self.data_dir))
            if is_alive(pid)
        ]

    def pids(self, pattern: str) -> list[int]:
        """Those of them whose command line contains `pattern`, parents first."""
        lines = {pid: line_of(pid) for pid in self.processes()}
        return [pid for pid, line in lines.items() if pattern in line]

    def _line(self, *arguments: str) -> list[str]:
        line = [sys.executable, "manage.py", *arguments]
        if self.user is None:
            return line
        # may read a project and a Python that lie in closed folders, and write only what is its own
        reader = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return [
            "setpriv",
            f"--reuid={self.user}",
            f"--regid={self.user}",
            "--clear-groups",
            *reader,
            *line,
        ]
