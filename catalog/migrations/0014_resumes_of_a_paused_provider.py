"""How often orders went on to a provider in vain, and when they may again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0013_plain_outcome_of_a_sync")]

    operations = [
        migrations.AddField("provider", "resumes_in_row", models.PositiveIntegerField(default=0)),
        migrations.AddField("provider", "resume_at", models.DateTimeField(blank=True, null=True)),
    ]
