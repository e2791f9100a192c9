"""Paths and URLs of a data folder's embedded servers. Touches nothing."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# bytes; the kernel allows 107, PostgreSQL's lock file needs the rest
MAX_SOCKET = 100
SOCKET = ".s.PGSQL.5432"
DATABASE = "panel"
OWNER = "panel"


@dataclass(frozen=True)
class Paths:
    """The layout of one data folder, with absolute paths."""

    data_dir: Path

    @classmethod
    def of(cls, data_dir: Path | str) -> "Paths":
        """The layout of `data_dir`, links and `..` resolved."""
        return cls(Path(data_dir).resolve())

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder."""
        return self.data_dir / "postgres"

    @property
    def run(self) -> Path:
        """Lock file, Valkey's socket, beat's schedule; all expendable."""
        return self.data_dir / "run"

    @property
    def log(self) -> Path:
        """One log file per child process."""
        return self.data_dir / "log"

    @property
    def secrets(self) -> Path:
        """The generated secrets, readable only by their owner."""
        return self.data_dir / "secrets.json"

    @property
    def short(self) -> Path:
        """The folder for sockets if the data folder's path is too long for one."""
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path("/tmp") / f"panel-{os.getuid()}-{digest}"  # noqa: S108  # TMPDIR may differ between two shells

    @property
    def is_long(self) -> bool:
        """Whether a socket inside the data folder would have too long a path."""
        return len(os.fsencode(self.postgres / SOCKET)) > MAX_SOCKET

    @property
    def postgres_sockets(self) -> Path:
        """The folder that holds `.s.PGSQL.5432`."""
        return self.short if self.is_long else self.postgres

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return (self.short if self.is_long else self.run) / "valkey.sock"


def database_url(data_dir: Path | str) -> str:
    """The embedded PostgreSQL as a DATABASE_URL."""
    # the folder is the path's first part: a percent-encoded host is not decoded by every reader
    return f"postgres://{OWNER}@/{quote(str(Paths.of(data_dir).postgres_sockets))}/{DATABASE}"


def broker_url(data_dir: Path | str) -> str:
    """The embedded Valkey as a REDIS_URL for Celery."""
    return f"redis+socket://{quote(str(Paths.of(data_dir).valkey_socket))}?virtual_host=0"


def cache_url(data_dir: Path | str) -> str:
    """The embedded Valkey for redis-py: database 1, separate from the broker's."""
    return f"unix://{quote(str(Paths.of(data_dir).valkey_socket))}?db=1"
