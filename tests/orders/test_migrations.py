"""Migrations of data keep what is there, forwards and back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

from orders.models import Attempt, AttemptState, Ends, Evidence, Status
from tests.factories import make_order
from tests.orders.attempts import leave_attempt

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
BEFORE_INVESTIGATIONS = [("orders", "0013_carry_over_provider_accounts")]
BEFORE_ACCOUNTS = [
    ("orders", "0011_plain_names"),
    ("catalog", "0011_upstream_category_of_a_service"),
]


def migrate(targets: list[tuple[str, str]]) -> StateApps:
    """Bring the database to these migrations; the models as they are there."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def newest() -> Iterator[list[tuple[str, str]]]:
    """The newest migrations, to which the database returns."""
    targets = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield targets
    migrate(targets)


def test_what_is_known_of_a_provider_moves_and_moves_back(newest: list[tuple[str, str]]) -> None:
    kept = {
        "ids_monotonic": True,
        "foreign_id_is_error": False,
        "charge_is_net": None,
        "balance_exact": True,
        "remains_exact": False,
        "profile": ["Ids of 4 orders"],
        "profiled_at": AT,
        "verdicts_paused_at": AT,
        "verdicts_pause_reason": "5.00 USD is missing",
        "unexplained": Decimal("5.00000000"),
    }
    before = kept | {"fenced_until": AT, "doubtful_words": ["queue", "=bad"]}
    after = kept | {"draining_until": AT, "ambiguous_phrases": ["queue", "=bad"]}
    old = migrate(BEFORE_ACCOUNTS).get_model("catalog", "Provider")
    pk = old.objects.create(name="Full", url="u", sealed_key="k", currency="USD", **before).pk
    old.objects.create(name="Empty", url="u", sealed_key="k", currency="USD")

    account = migrate(newest).get_model("orders", "ProviderAccount")

    assert account.objects.values(*after).get(pk=pk) == after
    assert account.objects.values(*after).exclude(pk=pk).get() == dict.fromkeys(after) | {
        "profile": [],
        "verdicts_pause_reason": "",
        "ambiguous_phrases": [],
    }
    old = migrate(BEFORE_ACCOUNTS).get_model("catalog", "Provider")
    assert old.objects.values(*before).get(pk=pk) == before


def test_counters_of_looks_move_and_move_back(newest: list[tuple[str, str]]) -> None:
    counters = {"looks": 3, "calls": 2, "next_look_at": AT.isoformat(), "read_at": AT.isoformat()}
    kept = {"conditions": [], "next_step": "Wait", "bracket": {"lower": 1, "upper": None}}
    pk = leave_attempt(make_order(status=Status.UNCLEAR), AttemptState.UNKNOWN).pk
    old = migrate(BEFORE_INVESTIGATIONS).get_model("orders", "Attempt").objects.filter(pk=pk)
    old.update(evidence=kept | counters)

    migrate(newest)

    attempt = Attempt.objects.get(pk=pk)
    assert attempt.evidence == Evidence(next_step="Wait", id_range=Ends(lower=1))
    looked = attempt.investigation
    assert (looked.looks, looked.calls, looked.next_look_at, looked.read_at) == (3, 2, AT, AT)
    Attempt.objects.update(evidence=Evidence(next_step="Wait"))
    old = migrate(BEFORE_INVESTIGATIONS).get_model("orders", "Attempt").objects.filter(pk=pk)
    assert old.get().evidence == {"next_step": "Wait"} | counters
