"""Plain labels of rejections; changes nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0018_event_and_review_labels"),
    ]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("placed", "Placed"),
                    ("submitted", "Sent to the provider"),
                    ("accepted", "Accepted"),
                    ("refused", "Rejected"),
                    ("postponed", "Not sent"),
                    ("unclear", "Unclear"),
                    ("held", "Held"),
                    ("released", "Released"),
                    ("status", "Status"),
                    ("refunded", "Refunded"),
                    ("post", "Post charged"),
                    ("ended", "Ended"),
                    ("doubt", "Needs review"),
                    ("refill", "Refill"),
                    ("cancel", "Cancel"),
                    ("decision", "Staff decision"),
                    ("verdict", "Resolved"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="hold_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("provider_funds", "Our balance at the provider is empty"),
                    ("provider_key", "The provider rejects our key"),
                    ("loss", "The cost rose above the charge"),
                    ("staff", "Held by staff"),
                ],
                max_length=20,
            ),
        ),
    ]
