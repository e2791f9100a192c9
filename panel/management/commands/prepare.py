"""`manage.py prepare`: brings the database and the static files up to this version; harmless when
repeated.
"""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, call_command
from django.db import DEFAULT_DB_ALIAS


class Command(BaseCommand):
    """Check everything, migrate, make the cache table, collect the static files."""

    help = "Bring the database and the static files up to this version of the panel."
    requires_system_checks: list[str] = []  # `handle` runs them all, those of the database too

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the steps; the first failure ends it."""
        self.check(databases=[DEFAULT_DB_ALIAS])
        quiet = {"verbosity": options["verbosity"], "stdout": self.stdout, "stderr": self.stderr}
        call_command("migrate", interactive=False, **quiet)
        call_command("createcachetable", **quiet)
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        digest = _digest()
        # compressing takes longer than all the rest
        if not stamp.exists() or stamp.read_text() != digest:
            call_command("collectstatic", interactive=False, **quiet)
            stamp.write_text(digest)


def _digest() -> str:
    """A short name for the static files as they are now: it changes with any of them and with
    the way of storing.
    """
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}".encode())
    return digest.hexdigest()
