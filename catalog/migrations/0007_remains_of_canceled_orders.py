"""What a provider shows as remaining of a canceled order, as far as it is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_watch_the_price_list")]

    operations = [
        migrations.AddField(
            model_name="provider", name="remains_exact", field=models.BooleanField(null=True)
        ),
    ]
