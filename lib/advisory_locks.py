"""PostgreSQL advisory locks of a session: at most one holder, released by the server when the
session ends.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether this session is the only one in a block of that name; the block must leave when it is
    not.

    The lock belongs to the database session, so it goes with a worker that dies. No row and no
    transaction waits on it.
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


# longer than a sweep (35 s) and its last call (20 s); shorter than the quiet time (180 s)
STANDSTILL = "120s"


def take(key: int) -> bool:
    """Take the lock for this session, unless another has it; from now on the session must not
    fall silent.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_session_timeout', %s, false), pg_try_advisory_lock(%s)",
            [STANDSTILL, key],
        )
        return bool(cursor.fetchone()[1])


def give_back(key: int) -> None:
    """Give the lock back; nothing where the session is gone, and its locks with it."""
    try:
        _ask("SELECT pg_advisory_unlock(%s)", key)
    except Error:
        connection.close()


def _ask(query: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [key])
        return bool(cursor.fetchone()[0])
