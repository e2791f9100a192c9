"""A row in orders for what forwarding and the resolver know of a provider."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_upstream_category_of_a_service"),
        ("orders", "0011_plain_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                (
                    "provider",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="catalog.provider",
                    ),
                ),
                ("draining_until", models.DateTimeField(blank=True, null=True)),
                ("ambiguous_phrases", models.JSONField(blank=True, default=list)),
                ("ids_monotonic", models.BooleanField(null=True)),
                ("foreign_id_is_error", models.BooleanField(null=True)),
                ("charge_is_net", models.BooleanField(null=True)),
                ("balance_exact", models.BooleanField(null=True)),
                ("remains_exact", models.BooleanField(null=True)),
                ("profile", models.JSONField(blank=True, default=list)),
                ("profiled_at", models.DateTimeField(blank=True, null=True)),
                ("verdicts_paused_at", models.DateTimeField(blank=True, null=True)),
                ("verdicts_pause_reason", models.CharField(blank=True, max_length=300)),
                (
                    "unexplained",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=20, null=True),
                ),
            ],
        ),
    ]
