"""Plain labels of attempts and events; changes nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0016_ambiguous_rejection_texts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="state",
            field=models.CharField(
                choices=[
                    ("prepared", "Prepared"),
                    ("sent", "Sent"),
                    ("accepted", "Accepted"),
                    ("refused", "Rejected"),
                    ("not_sent", "Not sent"),
                    ("unknown", "Unknown"),
                    ("placed", "Placed"),
                    ("not_placed", "Not placed"),
                ],
                default="prepared",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("submitted", "Sent to the provider"),
                    ("accepted", "Accepted"),
                    ("refused", "Refused"),
                    ("postponed", "Not sent"),
                    ("unclear", "Unclear"),
                    ("held", "Held"),
                    ("released", "Released"),
                    ("status", "Status"),
                    ("refunded", "Refunded"),
                    ("post", "Post charged"),
                    ("ended", "Ended"),
                    ("doubt", "Doubt"),
                    ("refill", "Refill"),
                    ("cancel", "Cancel"),
                    ("decision", "Staff decision"),
                    ("verdict", "Resolved"),
                ],
                max_length=12,
            ),
        ),
    ]
