"""What catalogs say of drip-feed, apart from what is sold; a catalog that says nothing says no no.

Until the next sync reads every row again, a yes that was synced counts as the catalog's.
"""

from django.db import migrations, models

KEEP = """
UPDATE catalog_service SET is_dripfeed_listed = true WHERE is_dripfeed AND NOT is_dripfeed_own
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0017_currency_and_contact_of_a_provider"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="dripfeed",
            field=models.CharField(
                choices=[
                    ("listed", "As the catalog says"),
                    ("assumed", "All default services, unless the catalog says no"),
                    ("none", "None"),
                ],
                default="listed",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="is_dripfeed_listed",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
