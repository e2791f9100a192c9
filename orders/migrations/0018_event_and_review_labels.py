"""Plain labels of events, holds and reviews; changes nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0017_plain_labels"),
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
        migrations.AlterField(
            model_name="review",
            name="kind",
            field=models.CharField(
                choices=[
                    ("no_remains", "Partial without usable remains"),
                    ("unknown_status", "Unknown status word"),
                    ("unknown_order", "The provider does not know the order"),
                    ("contradiction", "A report contradicts the end"),
                    ("mass_cancel", "Too many refunds at once"),
                    ("per_order_partial", "Partial on a service sold per order"),
                    ("duplicate_id", "The provider gave an id that is already ours"),
                    ("uncounted_posts", "The charge is not a whole number of posts"),
                    ("unpaid_posts", "The balance does not cover the delivered posts"),
                ],
                max_length=20,
            ),
        ),
    ]
