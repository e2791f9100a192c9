"""How many orders of a provider ended lately is asked at every refund."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0009_subscriptions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["provider", "ended_at"],
                name="order_ended",
            ),
        ),
    ]
