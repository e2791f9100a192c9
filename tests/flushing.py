"""Lets Django empty the tables after a test that commits, although the ledger refuses TRUNCATE, as it must."""

from collections.abc import Iterable

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.postgresql.operations import DatabaseOperations

_flush = DatabaseOperations.execute_sql_flush


def _flush_as_replica(self: BaseDatabaseOperations, sql_list: Iterable[str]) -> None:
    # Triggers rest for a replica: only in this transaction, only for a superuser, and none has to be dropped.
    assert isinstance(self, DatabaseOperations)
    _flush(self, ["SET LOCAL session_replication_role = replica", *sql_list])


def allow_flush() -> None:
    """Every flush of this process from now on may truncate the ledger."""
    DatabaseOperations.execute_sql_flush = _flush_as_replica  # type: ignore[method-assign]  # Django has no hook
