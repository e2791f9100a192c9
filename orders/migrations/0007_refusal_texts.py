"""The words in which providers refuse are kept, for staff to look at."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_doubt_of_429"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("orders", "0006_proofs_of_what_changed"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusalText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("example", models.CharField(max_length=500)),
                ("count", models.PositiveBigIntegerField(default=1)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("is_doubted", models.BooleanField(default=False)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "looked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusal_texts",
                        to="catalog.provider",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("looked_at", None)),
                        fields=["provider"],
                        name="refusal_text_new",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "text"), name="refusal_text_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("looked_at", None), ("looked_by", None)),
                            models.Q(("looked_at__isnull", False), ("looked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="refusal_looked_at_by_someone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_doubted", False), ("looked_at__isnull", False), _connector="OR"
                        ),
                        name="refusal_doubted_by_someone",
                    ),
                ],
            },
        ),
    ]
