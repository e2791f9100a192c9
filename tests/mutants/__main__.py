"""`python -m tests.mutants`: switches the guards off one by one and shows that each is missed; exits with 1 if not."""

import argparse
import base64
import os
import sys
import tempfile
from pathlib import Path

from panel.embedded import database_url


def main() -> int:
    """Try out the guards that are named, or all, and print what happened with and without each."""
    parser = argparse.ArgumentParser(description="Switch the panel's guards off one by one: each must be missed.")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="guards whose names contain a word")
    words = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="panel-mutants-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder) / "data"
        os.environ |= _environment(data_dir)

        import django

        django.setup()
        from tests.mutants.trying import try_out  # Django must be set up first

        return 0 if try_out(words=words, data_dir=data_dir, say=_say) else 1


def _environment(data_dir: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "panel.settings",
        "PANEL_DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url(data_dir),
        "SECRET_KEY": "a key that only the tests know, fifty characters and more",
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"32 bytes, which only tests know.").decode(),
        "API_KEY_PEPPER": "a pepper that only the tests know",
        "PROVIDER_ALLOW_PRIVATE": "on",  # the provider double listens on loopback
        "PROVIDER_TIMEOUT": "2",  # for the processes that a scenario starts
        "LOG_LEVEL": "CRITICAL",
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
