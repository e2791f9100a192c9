"""`python -m tests.mutants`: switches the guards off one by one and shows that each is missed;
exits with 1 if not.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from panel.embedded import database_url
from tests.environment import ENVIRONMENT


def main() -> int:
    """Try out the guards that are named, or all, and print what happened with and without each."""
    parser = argparse.ArgumentParser(
        description="Switch the panel's guards off one by one: each must be missed."
    )
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="WORD", help="guards whose names contain a word"
    )
    words = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="panel-mutants-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder) / "data"
        os.environ |= _environment(data_dir)

        import django

        django.setup()
        from tests.mutants.trials import try_all  # Django must be set up first

        return 0 if try_all(words=words, data_dir=data_dir, say=_say) else 1


def _environment(data_dir: Path) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "PANEL_DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url(data_dir),
        "PROVIDER_TIMEOUT": "2",  # for the processes that a scenario starts
        "LOG_LEVEL": "CRITICAL",
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
