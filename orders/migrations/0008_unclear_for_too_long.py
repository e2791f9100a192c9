"""Staff are told once of an attempt that stays unknown; requests count the answers that say nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0007_refusal_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="alarmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="refill",
            name="lost_answers",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="cancellation",
            name="lost_answers",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
