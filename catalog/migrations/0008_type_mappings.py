"""The admin maps types that only one provider knows, and decides on a service's drip-feed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_remains_of_canceled_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="service",
            name="upstream_type",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="service",
            name="is_dripfeed_own",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="TypeMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(max_length=60)),
                ("type", models.CharField(max_length=60)),
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
                        related_name="type_mappings",
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
        ),
        migrations.AddConstraint(
            model_name="typemapping",
            constraint=models.UniqueConstraint(
                models.F("provider"),
                Lower("word"),
                condition=models.Q(("reverted_at__isnull", True)),
                name="type_mapping_once",
            ),
        ),
    ]
