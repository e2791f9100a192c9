"""Names the project's own app (commands, template tags) to Django."""

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """The project itself."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "panel"
