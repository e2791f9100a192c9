"""Words for statuses that the admin explains, and those that nobody understands yet."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0014_resumes_of_a_paused_provider"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="status_words",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="StatusMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        choices=[("order", "Orders"), ("refill", "Refills")], max_length=10
                    ),
                ),
                ("word", models.CharField(max_length=64)),
                ("folded", models.CharField(max_length=192)),
                ("status", models.CharField(max_length=20)),
                ("mapped_at", models.DateTimeField()),
                ("reverted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mapped_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="status_mappings",
                        to="catalog.provider",
                    ),
                ),
                (
                    "reverted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reverted_at__isnull", True)),
                        fields=("provider", "subject", "folded"),
                        name="status_mapping_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UnknownStatus",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        choices=[("order", "Orders"), ("refill", "Refills")], max_length=10
                    ),
                ),
                ("word", models.CharField(max_length=64)),
                ("folded", models.CharField(max_length=192)),
                ("met_at", models.DateTimeField()),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unknown_statuses",
                        to="catalog.provider",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "subject", "folded"), name="unknown_status_once"
                    )
                ],
            },
        ),
    ]
