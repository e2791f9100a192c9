"""An attempt whose provider honours idempotency keys can be sent again with the same key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_books_and_proposals"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="account",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="attempt",
            name="asked",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="attempt",
            name="idempotency_key",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="attempt",
            name="resend_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="resends",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="attempt",
            name="resent_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("resend_at__isnull", False)),
                fields=["provider", "resend_at"],
                name="attempt_resend",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("idempotency_key", ""), _negated=True),
                    models.Q(("resend_at", None), ("resends", 0), ("resent_at", None)),
                    _connector="OR",
                ),
                name="attempt_resent_with_a_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("resend_at", None), ("state", "unknown"), _connector="OR"),
                name="attempt_resend_while_unknown",
            ),
        ),
    ]
