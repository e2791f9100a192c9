"""What is known of each provider moves from catalog's row to the account's row in orders."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

RENAMED = {"fenced_until": "draining_until", "doubtful_words": "ambiguous_phrases"}
KEPT = (
    "ids_monotonic",
    "foreign_id_is_error",
    "charge_is_net",
    "balance_exact",
    "remains_exact",
    "profile",
    "profiled_at",
    "verdicts_paused_at",
    "verdicts_pause_reason",
    "unexplained",
)
MOVED = RENAMED | {name: name for name in KEPT}  # catalog's column: the account's


def carry_over(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    account = apps.get_model("orders", "ProviderAccount")
    for row in apps.get_model("catalog", "Provider").objects.values("pk", *MOVED):
        values = {after: row[before] for before, after in MOVED.items()}
        account.objects.update_or_create(provider_id=row["pk"], defaults=values)


def carry_back(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    provider = apps.get_model("catalog", "Provider")
    for row in apps.get_model("orders", "ProviderAccount").objects.values("pk", *MOVED.values()):
        values = {before: row[after] for before, after in MOVED.items()}
        provider.objects.filter(pk=row["pk"]).update(**values)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_upstream_category_of_a_service"),
        ("orders", "0012_provider_accounts"),
    ]
    # catalog drops the columns only after this
    run_before = [("catalog", "0012_move_provider_accounts_to_orders")]

    operations = [migrations.RunPython(carry_over, carry_back)]
