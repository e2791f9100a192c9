"""Clears away what a demo left that was killed while it was being filled, so that the next start
begins anew.
"""

from pathlib import Path

from django.core.management import call_command
from django.db import connection

from accounts.models import User
from panel.demo.providers import folder
from panel.demo.users import EVERYBODY, key_file


def mark(data_dir: Path) -> None:
    """Note that the database is the demo's own from its first row on. Comes before that row."""
    _mark_of(data_dir).touch(mode=0o600)


def is_cut_short(data_dir: Path) -> bool:
    """Whether an earlier start began to fill the database and did not end; False where anybody
    else is in it.
    """
    is_begun = _mark_of(data_dir).exists() and not key_file(data_dir).exists()
    return is_begun and not User.objects.exclude(email__in=EVERYBODY).exists()


def clear(data_dir: Path) -> None:
    """Empty the database and forget what the providers were asked for.

    Nothing else may be connected.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    for state in folder(data_dir).glob("provider-*"):
        state.unlink()


def _mark_of(data_dir: Path) -> Path:
    return folder(data_dir) / "begun"
