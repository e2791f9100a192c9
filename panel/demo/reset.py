"""Resets a demo that was killed while it was being filled."""

from pathlib import Path

from django.core.management import call_command
from django.db import connection

from accounts.models import User
from panel.demo.providers import folder
from panel.demo.users import EVERYBODY, key_file


def mark(data_dir: Path) -> None:
    """Mark the database as the demo's. Call before its first row."""
    _mark_of(data_dir).touch(mode=0o600)


def is_cut_short(data_dir: Path) -> bool:
    """Whether an earlier start was killed while filling; False if other users exist."""
    is_begun = _mark_of(data_dir).exists() and not key_file(data_dir).exists()
    return is_begun and not User.objects.exclude(email__in=EVERYBODY).exists()


def clear(data_dir: Path) -> None:
    """Empty the database and the providers' state. Nothing else may be connected."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    for state in folder(data_dir).glob("provider-*"):
        state.unlink()


def _mark_of(data_dir: Path) -> Path:
    return folder(data_dir) / "begun"
