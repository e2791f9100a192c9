"""The provider's own heading for a service, which a sync compares also where the admin chose another."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_lost_services_of_a_sync")]

    operations = [
        migrations.AddField(
            model_name="service",
            name="upstream_category",
            field=models.CharField(blank=True, max_length=300),
        ),
    ]
