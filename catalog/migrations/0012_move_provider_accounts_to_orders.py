"""What orders know of a provider has moved to orders.ProviderAccount."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_upstream_category_of_a_service"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="provider",
            name="balance_exact",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="charge_is_net",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="doubtful_words",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="fenced_until",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="foreign_id_is_error",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="ids_monotonic",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="profile",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="profiled_at",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="remains_exact",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="unexplained",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="verdicts_pause_reason",
        ),
        migrations.RemoveField(
            model_name="provider",
            name="verdicts_paused_at",
        ),
    ]
