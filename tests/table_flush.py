"""Empties the tables after a test that commits, although the ledger refuses it, as it must; in
milliseconds.

Django truncates every table and makes all permissions anew, a tenth of a second each time. The
panel knows roles, not permissions, and a test writes a few rows into a few tables.
"""

from collections.abc import Iterable

from django.contrib.contenttypes.management import create_contenttypes
from django.db import transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate

# Triggers rest for a replica: only in this transaction, only for a superuser, and none has to be
# dropped.
AS_REPLICA = "SET LOCAL session_replication_role = replica"
MANY = 2000  # rows, from which on a table is truncated rather than left with so many dead ones


def allow_flush() -> None:
    """Every flush of this process from now on may empty the ledger, and makes no permissions."""
    DatabaseOperations.execute_sql_flush = _flush_as_replica  # type: ignore[method-assign]  # Django has no hook
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


def _flush_as_replica(self: BaseDatabaseOperations, sql_list: Iterable[str]) -> None:
    tables = [
        self.quote_name(table) for table in self.connection.introspection.django_table_names()
    ]
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM {table} LIMIT {MANY}) AS few)"  # noqa: S608
        for table in tables
    )
    with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
        cursor.execute(AS_REPLICA)
        # of two that wait for each other the test's rest gives up
        cursor.execute("SET LOCAL deadlock_timeout = '5s'")
        # As TRUNCATE does: waits for whoever still writes (his rows count, too), and fails where a
        # test left him behind
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
        cursor.execute(f"SELECT {counts}")
        filled = {
            table: count for table, count in zip(tables, cursor.fetchone(), strict=True) if count
        }
        is_much = max(filled.values(), default=0) >= MANY
        for statement in sql_list if is_much else [f"DELETE FROM {table}" for table in filled]:  # noqa: S608
            cursor.execute(statement)
