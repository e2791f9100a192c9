"""A proof may cover only what changed since the last sound one, and tells what stands still."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_webhook_triggers"),
    ]

    operations = [
        migrations.AddField(
            model_name="proof",
            name="is_full",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="proof",
            name="horizon",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="proof",
            name="concerns",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="sweep",
            name="since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
