"""PostgreSQL's advisory locks: all SQL about them, and how long whoever holds one may be silent.

A session's lock has one holder at most, and the server releases it when the session ends, so it
goes with a worker that dies. It needs a direct connection or session pooling (not pgbouncer's
transaction mode). No row and no transaction waits for it. A transaction's lock ends with that.
"""

import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import Error, connection

# longer than a sweep (35 s) and its last call (20 s); shorter than the quiet time (180 s)
MAX_SILENCE: Final = "120s"


def key_of(name: str) -> int:
    """The key of a lock with a name; keys with a meaning of their own lie above 32 bits."""
    return zlib.crc32(f"panel:{name}".encode())


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether this session is the only one in a block of that name; where it is not, leave.

    A holder may be silent for as long as it likes.
    """
    key = key_of(name)
    is_ours = _ask("SELECT pg_try_advisory_lock(%s)", key)
    try:
        yield is_ours
    finally:
        if is_ours:
            give_back(key)


@contextmanager
def session_lock(key: int) -> Iterator[bool]:
    """`take` for a block: whether the lock is ours in it."""
    is_ours = take(key)
    try:
        yield is_ours
    finally:
        if is_ours:
            give_back(key)


def take(key: int) -> bool:
    """Take the lock for this session, unless another has it.

    A holder that stands still (a frozen machine) keeps its connection: from now on the server ends
    this session when it is silent for MAX_SILENCE, and with it the lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_session_timeout', %s, false), pg_try_advisory_lock(%s)",
            [MAX_SILENCE, key],
        )
        return bool(cursor.fetchone()[1])


def give_back(key: int) -> None:
    """Give the lock back; nothing where the session is gone, and its locks with it."""
    try:
        _ask("SELECT pg_advisory_unlock(%s)", key)
    except Error:
        connection.close()


def held(keys: Collection[int]) -> set[int]:
    """Those of the locks that some session holds now; only looks, and is in nobody's way."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT key FROM (
                SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            ) AS held WHERE key = ANY(%s)
            """,
            [list(keys)],
        )
        return {row[0] for row in cursor.fetchall()}


def take_in_transaction(key: int) -> bool:
    """Take the lock until the transaction ends, unless another session has it."""
    return _ask("SELECT pg_try_advisory_xact_lock(%s)", key)


def wait_in_transaction(key: int, *, patience: str) -> None:
    """Wait for the lock, and keep it until the transaction ends.

    Raises OperationalError after `patience`, which replaces the session's `lock_timeout`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])


def wait_in_transaction_for(text: str) -> None:
    """Wait for the lock of a text, of which there are too many to name, until the transaction ends.

    Two texts may share a key: they then wait for each other, and nothing worse.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [text])


def _ask(query: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [key])
        return bool(cursor.fetchone()[0])
