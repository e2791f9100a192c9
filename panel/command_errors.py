"""One-line explanations of why a command cannot run: invalid settings or no database."""

import os
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from panel import embedded


def explain(error: Exception) -> str | None:
    """The line for the operator; None if only a traceback helps."""
    if isinstance(error, ImproperlyConfigured) and "SECRET_KEY" not in str(error):
        return f"Invalid setting: {error}"
    if not isinstance(error, ImproperlyConfigured) and not _is_unreachable(error):
        return None
    if settings.IS_DATABASE_EMBEDDED and not embedded.is_running(settings.PANEL_DATA_DIR):
        folder = settings.PANEL_DATA_DIR
        if _is_closed(folder):
            return f"{folder} belongs to another user: run this as the user who runs the panel"
        return (
            f"No panel is running in {folder}: "
            "run `manage.py up`, or set PANEL_DATA_DIR or DATABASE_URL"
        )
    reason = " ".join(str(error).split())
    return (
        f"Invalid setting: {reason}"
        if isinstance(error, ImproperlyConfigured)
        else f"Cannot reach the database: {reason}"
    )


def _is_closed(folder: Path) -> bool:
    return folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK)


def _is_unreachable(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
