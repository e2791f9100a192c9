"""One writer of the catalog at a time: a sync, a margin and an exchange rate never price on each
other's past.
"""

from lib.advisory_locks import wait_in_transaction

CATALOG_LOCK = 0x0CA7A106  # a number of our own among the database's advisory locks
PATIENCE = "25s"  # the longest sync holds it for seconds; below the statement time-out


def lock_catalog() -> None:
    """Wait until no other transaction writes prices, and keep them out until this transaction ends.

    Raises OperationalError after 25 seconds of waiting. Must be called in a transaction, before any
    row is read that the prices depend on.
    """
    wait_in_transaction(CATALOG_LOCK, patience=PATIENCE)
