"""Names the project's own app (commands, checks, template tags) to Django."""

from importlib import import_module

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """The project itself."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "panel"

    def ready(self) -> None:
        """Make the panel's Celery app the current one: a web process, too, must ring the
        right broker.
        """
        import_module("panel.celery")
        import_module("panel.checks")
