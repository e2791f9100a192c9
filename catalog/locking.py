"""One writer of the catalog at a time: a sync, a margin and an exchange rate never price on each other's past."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

CATALOG_LOCK = 0x0CA7A106  # a number of our own among the database's advisory locks
PATIENCE = "25s"  # the longest sync holds it for seconds; below the statement time-out


def lock_catalog() -> None:
    """Wait until no other transaction writes prices, and keep them out until this transaction ends.

    Raises OperationalError after 25 seconds of waiting. Must be called in a transaction, before any row is read that
    the prices depend on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CATALOG_LOCK])
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether this session is the only one in a block of that name; the block must leave when it is not.

    The lock belongs to the database session, so it goes with a worker that dies. No row and no transaction waits on it.
    """
    key = zlib.crc32(f"panel:{name}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
