"""The label of a rejected sync; the database does not change."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_move_provider_accounts_to_orders")]

    operations = [
        migrations.AlterField(
            model_name="syncrun",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("applied", "Applied"),
                    ("unchanged", "Nothing changed"),
                    ("refused", "Rejected by the guard"),
                    ("failed", "The provider did not answer with a catalog"),
                ],
                max_length=10,
            ),
        ),
    ]
