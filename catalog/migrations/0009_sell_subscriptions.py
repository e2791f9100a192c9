"""Subscriptions are sold now: rows that the provider has not changed since are not read again by themselves."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def sell(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Let services that wait for nothing else be bought."""
    apps.get_model("catalog", "Service").objects.filter(type="Subscriptions").update(
        is_sellable=True
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_type_mappings")]

    operations = [migrations.RunPython(sell, migrations.RunPython.noop, elidable=True)]
