"""The lock of writers of prices: syncs, margins and exchange rates take turns."""

from lib.advisory_locks import wait_in_transaction

CATALOG_LOCK = 0x0CA7A106  # key of the advisory lock
PATIENCE = "25s"  # syncs hold it for seconds; below the statement time-out


def lock_catalog() -> None:
    """Lock out other writers of prices until this transaction ends.

    Call it before reading any row that prices depend on. Raises OperationalError after PATIENCE.
    """
    wait_in_transaction(CATALOG_LOCK, patience=PATIENCE)
