"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The billing app."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "billing"
