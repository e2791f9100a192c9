"""Subscriptions: served and charged post by post; an order keeps the type that it was sold as."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_unclear_for_too_long"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="service_type",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="order",
            name="posts",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="subscription",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("state", models.CharField(blank=True, max_length=10)),
                ("owed", models.PositiveIntegerField(default=0)),
                ("counted", models.DecimalField(decimal_places=8, default=0, max_digits=20)),
            ],
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("owed__gt", 0)), fields=["order"], name="subscription_owing"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("counted__gte", 0)), name="subscription_counted_not_negative"
            ),
        ),
        migrations.RemoveConstraint(model_name="order", name="order_canceled_is_refunded"),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "canceled"), _negated=True),
                    ("refunded", models.F("charge")),
                    ("posts__isnull", False),
                    _connector="OR",
                ),
                name="order_canceled_is_refunded",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("posts", None),
                    models.Q(("billed_quantity", 1), ("charge", 0), ("posts", 0)),
                    ("billed_quantity", models.F("posts")),
                    _connector="OR",
                ),
                name="order_pays_for_posts",
            ),
        ),
        migrations.AlterField(
            model_name="doubt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("no_remains", "Partial without usable remains"),
                    ("unknown_status", "Unknown status word"),
                    ("unknown_order", "The provider does not know the order"),
                    ("contradiction", "A report contradicts the end"),
                    ("mass_cancel", "Too many ends at once"),
                    ("per_order_partial", "Partial on a service sold per order"),
                    ("duplicate_id", "The provider gave an id that is already ours"),
                    ("uncounted_posts", "A subscription's charge is not a number of posts"),
                    ("unpaid_posts", "The customer's balance does not cover the posts served"),
                ],
                max_length=20,
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
                    ("verdict", "Proved"),
                ],
                max_length=12,
            ),
        ),
    ]
