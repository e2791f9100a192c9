"""A data folder prepared once for a whole test run: PostgreSQL with every table, and static files.

Panels and sessions of the tests start on a copy, which spares each of them `initdb`, migrations and
`collectstatic`. Those that start from nothing are tests/panel/test_up.py's.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from panel.embedded import Paths, Postgres, database_url
from panel.processes.run_panel import PROJECT
from tests.environment import ENVIRONMENT

VARIABLE = "PANEL_TESTS_PREPARED"  # names the folder, for all processes of the run
PARTS = ("postgres", "static")
LIMIT = 600.0  # seconds


def choose() -> Path | None:
    """Choose the run's folder where nobody has; None where another process will remove it."""
    if os.environ.get(VARIABLE):
        return None
    folder = Path(tempfile.mkdtemp(prefix="panel-tests-prepared-"))
    os.environ[VARIABLE] = str(folder)
    return folder


def copy_into(data_dir: Path) -> None:
    """Give `data_dir` what was prepared; nothing outside a test run, or where a panel was
    before.
    """
    chosen = os.environ.get(VARIABLE)
    if not chosen or Paths.of(data_dir).postgres.exists():
        return
    prepared = Path(chosen)
    with (prepared / "lock").open("a") as lock:  # the first that asks makes it, the others wait
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (prepared / "done").exists():
            line = [sys.executable, "-m", "tests.prepared", str(prepared / "data")]
            subprocess.run(line, cwd=PROJECT, check=True, timeout=LIMIT)
            (prepared / "done").touch()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in PARTS:
        source = prepared / "data" / part
        # keeps owners, for PostgreSQL, and times, for the static files
        subprocess.run(["cp", "-a", "--", str(source), str(data_dir)], check=True, timeout=LIMIT)


def main(data_dir: Path) -> None:
    """Make the folder as `manage.py up` would."""
    os.environ |= {
        **ENVIRONMENT,
        "PANEL_DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url(data_dir),
        "STATIC_STORAGE": "plain",
    }
    server = Postgres(data_dir, is_throwaway=True)
    server.start(limit=240)
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("prepare", verbosity=0)
    finally:
        server.stop()
    shutil.rmtree(Paths.of(data_dir).log)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
