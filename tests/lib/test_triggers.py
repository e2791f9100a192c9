"""The triggers in the database are those that the models declare, however it was migrated."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from lib.triggers import Trigger, create_all, drop_all
from panel.embedded import Postgres, database_url

pytestmark = pytest.mark.django_db

TRIGGERS = """
SELECT tgname || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid), tgenabled::text
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT oid::regprocedure::text, pg_get_functiondef(oid), ''
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
"""
STEPS = [
    ("billing", "0003"),
    ("catalog", "0006"),
    ("orders", "0005"),
    ("orders", "0004"),  # and back once
]
MIGRATE = f"""
import django
django.setup()
from django.core.management import call_command
for step in {[*STEPS, ()]!r}:
    call_command("migrate", *step, verbosity=0)
"""
DATABASE = "migrated_by_steps"

Standing = list[tuple[str, str, str]]


def declared() -> list[Trigger]:
    return [trigger for model in apps.get_models() for trigger in getattr(model, "triggers", ())]


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        rows: Standing = cursor.fetchall()
    return rows


def recreated(triggers: list[Trigger]) -> Standing:
    """What would stand if only these were declared; the database is left as it is."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in [*drop_all(declared()), *create_all(triggers)]:
            cursor.execute(statement)
        rows = standing()
        transaction.set_rollback(True)
    return rows


def test_the_triggers_in_the_database_are_those_that_the_models_declare() -> None:
    assert len(declared()) == 12
    assert standing() == recreated(declared())


def test_each_trigger_is_declared_on_the_model_of_its_table() -> None:
    for model in apps.get_models():
        assert {each.table for each in getattr(model, "triggers", ())} <= {model._meta.db_table}


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE billing_transfer DISABLE TRIGGER transfer_append_only",
        "DROP TRIGGER order_tells_its_status ON orders_order",
        "CREATE TRIGGER one_more AFTER INSERT ON orders_order EXECUTE FUNCTION billing_refuse()",
        """
        CREATE OR REPLACE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RETURN NULL; END $$
        """,
    ],
)
def test_control_drift_in_the_database_is_seen(drift: str) -> None:
    expected = recreated(declared())

    with connection.cursor() as cursor:
        cursor.execute(drift)

    assert standing() != expected


@pytest.fixture
def by_steps(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """A database of its own, migrated step by step."""
    del postgres
    url = f"{database_url(settings.PANEL_DATA_DIR).rpartition('/')[0]}/{DATABASE}"
    at = {"host": connection.settings_dict["HOST"], "user": connection.settings_dict["USER"]}
    with psycopg.connect(**at, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {DATABASE}")
        try:
            subprocess.run(
                [sys.executable, "-c", MIGRATE],
                env={**os.environ, "DATABASE_URL": url},
                check=True,
                timeout=300,
            )
            with psycopg.connect(**at, dbname=DATABASE) as session:
                yield session
        finally:
            server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.mark.slow
def test_a_database_migrated_step_by_step_has_the_same_triggers(
    by_steps: psycopg.Connection,
) -> None:
    assert by_steps.execute(TRIGGERS).fetchall() == standing()
