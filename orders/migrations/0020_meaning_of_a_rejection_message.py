"""Staff say what a rejection message means; before, only whether it was ambiguous."""

import re
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

# Messages that staff have seen and left alone went on to refund, but for those about our account,
# which went on to wait. Where that is not plain, somebody decides anew.
PERHAPS_OURS = re.compile(
    r"fund|balance|credit|money|\bkey\b|api|auth|token|account|permission|access|maint|server"
    r"|error|later|again|limit|too many|[^\x00-\x7f]"
)


def keep_decisions(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Ambiguous ones stay so; those that were plainly refunded go on to be."""
    rows: Any = apps.get_model("orders", "RejectionText").objects
    rows.filter(is_ambiguous=True).update(meaning="ambiguous")
    for row in rows.filter(is_ambiguous=False, looked_at__isnull=False):
        if not PERHAPS_OURS.search(row.text):
            row.meaning = "customer"
            row.save(update_fields=["meaning"])


def restore_flags(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """The other meanings are forgotten."""
    rows: Any = apps.get_model("orders", "RejectionText").objects
    rows.filter(meaning="ambiguous").update(is_ambiguous=True)


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_rejection_labels")]

    operations = [
        migrations.AddField(
            "rejectiontext",
            "meaning",
            models.CharField(
                blank=True,
                choices=[
                    ("customer", "Customer's mistake: refund"),
                    ("funds", "Our balance there: hold"),
                    ("key", "Our key or account there: hold"),
                    ("later", "Try again later"),
                    ("ambiguous", "May have been placed: unclear"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.RemoveConstraint("rejectiontext", "rejection_ambiguous_by_someone"),
        migrations.RunPython(keep_decisions, restore_flags),
        migrations.RemoveField("rejectiontext", "is_ambiguous"),
        migrations.AddConstraint(
            "rejectiontext",
            models.CheckConstraint(
                condition=Q(("meaning", ""), ("looked_at__isnull", False), _connector="OR"),
                name="rejection_meaning_by_someone",
            ),
        ),
        migrations.AlterField(
            "order",
            "hold_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("provider_funds", "Our balance at the provider is empty"),
                    ("provider_key", "The provider rejects our key"),
                    ("new_message", "The provider's answer is new to us"),
                    ("loss", "The cost rose above the charge"),
                    ("staff", "Held by staff"),
                ],
                max_length=20,
            ),
        ),
    ]
