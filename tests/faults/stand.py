"""A test stand: the whole panel as real processes with two beats; all of it may be hurt.

Web server, two Celery workers with prefork, beat, Valkey and PostgreSQL run under `manage.py up`,
as an operator runs them, so what dies comes back by the panel's own means. The second beat is the
stand's own.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests
from redis import Redis

from panel.embedded import Paths, broker_url, database_url
from panel.embedded.child_processes import Child, spawn
from panel.processes.run_panel import PROJECT
from tests.processes import family, line_of
from tests.stack import SECRETS, Stack

ENVIRONMENT = {
    "STATIC_STORAGE": "plain",  # compressing takes longer than all the rest of a start
    "CLAIM_LEASE": "5",
    "PROVIDER_TIMEOUT": "2",
    "UNCLEAR_QUIET": "6",
    "PROBE_EVERY": "0.1",
    "AUDIT_EVERY": "10",
    "LOG_LEVEL": "WARNING",
    # the shop is no mirror of the double's catalog: a sync would take its services off sale
    "SYNC_EVERY": "86400",
}
# What a role's command line contains, and which of the processes it is (None: the main one, else
# the children)
ROLES = {
    "web": ("gunicorn", True),
    "web child": ("gunicorn", False),
    "submit": ("-Q submit", True),
    "submit child": ("-Q submit", False),
    "poll": ("-Q poll", True),
    "poll child": ("-Q poll", False),
    "beat": ("beat-schedule", True),
    "valkey": ("valkey-server", True),
    "postgres": ("bin/postgres", True),
}


class Stand:
    """One panel with two beats, in a data folder of its own."""

    def __init__(self, data_dir: Path, *, env: Mapping[str, str] | None = None) -> None:
        # this process seals and signs, too
        shared = {name: os.environ[name] for name in SECRETS}
        self.stack = Stack(data_dir, env={**ENVIRONMENT, **shared, **(env or {})})
        self.data_dir = self.stack.data_dir
        self.second_beat: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the web server listens."""
        return self.stack.url

    def start(self) -> None:
        """Start everything and wait until it serves."""
        self.stack.start()
        self.keep_second_beat()

    def end(self) -> None:
        """Stop everything, in whatever state."""
        if self.second_beat is not None:
            self.second_beat.kill()
            self.second_beat.wait()
        for pid in self.all():  # what stands still hears no request to stop
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stack.end()

    def keep_second_beat(self) -> None:
        """Start the second beat where it does not run."""
        if self.second_beat is not None and self.second_beat.poll() is None:
            return
        schedule = str(Paths.of(self.data_dir).run / "second-schedule")
        line = ("celery", "-A", "panel.celery", "beat", "-s", schedule, "--pidfile=")
        env = {
            **self.stack.env,
            "DATABASE_URL": database_url(self.data_dir),
            "REDIS_URL": broker_url(self.data_dir),
        }
        self.second_beat = spawn(
            Child(
                name="second-beat",
                argv=(sys.executable, "-m", *line),
                log=Paths.of(self.data_dir).log / "second-beat.log",
                data_dir=self.data_dir,
                env=env,
                cwd=PROJECT,
            )
        )

    def all(self) -> list[int]:
        """Every process of the panel under `manage.py up`, parents first."""
        return family(self.stack.process.pid) if self.stack.process is not None else []

    def pids(self, role: str) -> list[int]:
        """The processes in a role (see ROLES), and the second beat for `second beat`."""
        if role == "second beat":
            return (
                [self.second_beat.pid]
                if self.second_beat is not None and self.second_beat.poll() is None
                else []
            )
        pattern, is_main = ROLES[role]
        found = [pid for pid in self.all() if pattern in line_of(pid)]
        return found[:1] if is_main else found[1:]

    def signal(self, role: str, number: signal.Signals, *, which: int = 0) -> int | None:
        """Send a signal to one process in a role; its pid, or None where there is none just now."""
        found = self.pids(role)
        if not found:
            return None
        pid = found[which % len(found)]
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return None
        return pid

    def is_whole(self) -> bool:
        """Whether there is a process in every role and the web server answers that all is well."""
        lines = [line_of(pid) for pid in self.all()]
        for pattern, is_main in ROLES.values():
            if sum(pattern in line for line in lines) < (1 if is_main else 2):
                return False
        try:
            return requests.get(f"{self.url}/health", timeout=60).ok
        except requests.RequestException:
            return False

    def kill(self, role: str, *, which: int = 0) -> int | None:
        """kill -9."""
        return self.signal(role, signal.SIGKILL, which=which)

    def restart_postgres(self) -> int | None:
        """What `pg_ctl restart -m immediate` does: no farewell, and recovery from the log
        at the start.
        """
        return self.signal("postgres", signal.SIGQUIT)

    def flush_broker(self) -> None:
        """Let Valkey forget every message."""
        with self.broker() as broker:
            broker.flushall()

    def broker(self) -> "Redis":
        """A client of the panel's Valkey."""
        return Redis(unix_socket_path=str(Paths.of(self.data_dir).valkey_socket), socket_timeout=5)

    def log(self, name: str) -> str:
        """What one child has written."""
        path = Paths.of(self.data_dir).log / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""
