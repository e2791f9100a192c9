"""The project's own app: commands, checks, template tags."""

from importlib import import_module

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """Loads Celery and the checks."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "panel"

    def ready(self) -> None:
        """Load the Celery app, since web processes also send tasks, and the checks."""
        import_module("panel.celery")
        import_module("panel.checks")
