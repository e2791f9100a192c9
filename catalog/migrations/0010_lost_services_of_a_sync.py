"""How many of our services a provider's list did not tell about: the figure that the guard of syncs looks at."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_sell_subscriptions")]

    operations = [
        migrations.AddField(
            model_name="syncrun", name="lost", field=models.PositiveIntegerField(default=0)
        ),
    ]
