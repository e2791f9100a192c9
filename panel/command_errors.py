"""Says in one line why a command cannot work: a wrong setting, or no database."""

import os
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from panel import embedded


def explain(error: Exception) -> str | None:
    """The line for the operator; None where only a traceback helps, as after an interrupted
    statement.
    """
    if isinstance(error, ImproperlyConfigured) and "SECRET_KEY" not in str(error):
        return f"Wrong setting: {error}"
    if not isinstance(error, ImproperlyConfigured) and not _is_unreachable(error):
        return None
    if settings.IS_DATABASE_EMBEDDED and not embedded.is_running(settings.PANEL_DATA_DIR):
        folder = settings.PANEL_DATA_DIR
        if _is_closed(folder):
            return f"{folder} is another user's: run this as the user who runs the panel"
        return (
            f"No panel runs in {folder}: run `manage.py up`, or set PANEL_DATA_DIR or DATABASE_URL"
        )
    reason = " ".join(str(error).split())
    return (
        f"Wrong setting: {reason}"
        if isinstance(error, ImproperlyConfigured)
        else f"No database answers: {reason}"
    )


def _is_closed(folder: Path) -> bool:
    return folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK)


def _is_unreachable(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
