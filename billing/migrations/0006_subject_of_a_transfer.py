"""What a transfer is about, in columns instead of in its reference; filled for what is there.

Transfers are append-only, for a migration too. So nothing is updated and no trigger is switched
off: the columns are added as generated from the reference, which rewrites the table once, and then
keep their values as plain columns. Meanwhile the table is locked (about 20 s per million rows).

An older version that still runs books no money afterwards: its transfers break the constraints.
"""

from django.db import migrations, models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

ADD_COLUMNS = """
ALTER TABLE billing_transfer
    ADD COLUMN subject_kind varchar(10) NOT NULL GENERATED ALWAYS AS
        (CASE WHEN reference ~ '^order:[0-9]{1,18}:' THEN 'order' ELSE '' END) STORED,
    ADD COLUMN subject_id bigint GENERATED ALWAYS AS
        (CASE WHEN reference ~ '^order:[0-9]{1,18}:' THEN split_part(reference, ':', 2)::bigint END)
        STORED,
    ADD COLUMN gateway varchar(60) NOT NULL GENERATED ALWAYS AS
        (CASE WHEN kind = 'top_up' THEN split_part(reference, ':', 2) ELSE '' END) STORED
"""
KEEP_VALUES = """
ALTER TABLE billing_transfer
    ALTER COLUMN subject_kind DROP EXPRESSION,
    ALTER COLUMN subject_id DROP EXPRESSION,
    ALTER COLUMN gateway DROP EXPRESSION
"""
DROP_COLUMNS = """
ALTER TABLE billing_transfer
    DROP COLUMN subject_kind, DROP COLUMN subject_id, DROP COLUMN gateway
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_adjustments_of_two")]

    operations = [
        migrations.RunSQL("SET LOCAL statement_timeout = '1h'", migrations.RunSQL.noop),
        migrations.RunSQL(
            [ADD_COLUMNS, KEEP_VALUES],
            DROP_COLUMNS,
            state_operations=[
                migrations.AddField(
                    "transfer",
                    "subject_kind",
                    models.CharField(blank=True, choices=[("order", "Order")], max_length=10),
                ),
                migrations.AddField(
                    "transfer", "subject_id", models.BigIntegerField(blank=True, null=True)
                ),
                migrations.AddField(
                    "transfer", "gateway", models.CharField(blank=True, max_length=60)
                ),
            ],
        ),
        migrations.AddIndex(
            "transfer",
            models.Index(
                name="transfer_subject",
                fields=["subject_kind", "subject_id"],
                condition=Q(subject_id__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.CheckConstraint(
                name="transfer_reference_names_subject",
                condition=Q(~Q(reference__startswith="order:"), subject_kind="", subject_id=None)
                | Q(
                    subject_kind="order",
                    subject_id__isnull=False,
                    reference__startswith=Concat(
                        Value("order:"), Cast("subject_id", models.CharField()), Value(":")
                    ),
                ),
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.CheckConstraint(
                name="transfer_gateway_of_top_up",
                condition=Q(~Q(gateway=""), kind="top_up") | Q(~Q(kind="top_up"), gateway=""),
            ),
        ),
    ]
