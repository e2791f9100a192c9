"""`manage.py prepare`: updates the database and static files to this version. Safe to repeat."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, call_command
from django.db import DEFAULT_DB_ALIAS


class Command(BaseCommand):
    """Runs all checks, migrates, creates the cache table, collects static files."""

    help = "Update the database and static files to this version of the panel."
    requires_system_checks: list[
        str
    ] = []  # `handle` runs them all, including those of the database

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the steps until the first failure."""
        self.check(databases=[DEFAULT_DB_ALIAS])
        quiet = {"verbosity": options["verbosity"], "stdout": self.stdout, "stderr": self.stderr}
        call_command("migrate", interactive=False, **quiet)
        call_command("createcachetable", **quiet)
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        digest = _digest()
        # compressing takes longer than the rest
        if not stamp.exists() or stamp.read_text() != digest:
            call_command("collectstatic", interactive=False, **quiet)
            stamp.write_text(digest)


def _digest() -> str:
    """A digest of the static files and their storage."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}".encode())
    return digest.hexdigest()
