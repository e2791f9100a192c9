"""A rejection text is ambiguous, not doubted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_carry_over_investigations")]

    operations = [
        migrations.RemoveConstraint("rejectiontext", "refusal_doubted_by_someone"),
        migrations.RenameField("rejectiontext", "is_doubted", "is_ambiguous"),
        migrations.AddConstraint(
            "rejectiontext",
            models.CheckConstraint(
                condition=models.Q(
                    ("is_ambiguous", False), ("looked_at__isnull", False), _connector="OR"
                ),
                name="rejection_ambiguous_by_someone",
            ),
        ),
    ]
