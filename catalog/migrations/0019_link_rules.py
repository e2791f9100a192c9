"""Link rules: which links a service or a category takes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0018_dripfeed_that_catalogs_do_not_tell"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hosts", models.CharField(blank=True, max_length=500)),
                (
                    "target",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Profile or post"),
                            ("profile", "Profile, channel or group"),
                            ("post", "Post or video"),
                        ],
                        max_length=10,
                    ),
                ),
                ("are_names_allowed", models.BooleanField(default=True)),
                (
                    "check_mode",
                    models.CharField(
                        choices=[
                            ("warn", "Warn in the form; the customer may order anyway"),
                            ("reject", "Reject, also in mass orders and the API"),
                            ("off", "Accept any link"),
                        ],
                        default="warn",
                        max_length=10,
                    ),
                ),
                ("is_learnt", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField()),
                (
                    "category",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="link_rule",
                        to="catalog.category",
                    ),
                ),
                (
                    "service",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="link_rule",
                        to="catalog.service",
                    ),
                ),
                (
                    "updated_by",
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", None), ("service__isnull", False)),
                            models.Q(("category__isnull", False), ("service", None)),
                            _connector="OR",
                        ),
                        name="link_rule_of_a_service_or_a_category",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_learnt", False),
                            models.Q(("check_mode", "warn"), ("service__isnull", False)),
                            _connector="OR",
                        ),
                        name="link_rule_learnt_only_warns",
                    ),
                ],
            },
        ),
    ]
