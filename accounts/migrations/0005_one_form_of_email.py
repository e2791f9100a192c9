"""Write stored e-mail addresses in the one form that is looked up since."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from lib.email_addresses import normal_email

# anything but the visible characters of ASCII
ODD = r"[^!-~]"


def rewrite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An address whose form another account has stays as it is, for staff to see."""
    del schema_editor
    for model in (apps.get_model("accounts", "User"), apps.get_model("account", "EmailAddress")):
        for row in model.objects.filter(email__regex=ODD).order_by("pk"):
            email = normal_email(row.email)
            if email != row.email and not model.objects.filter(email__iexact=email).exists():
                model.objects.filter(pk=row.pk).update(email=email)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_customer_group"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
