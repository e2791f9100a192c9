"""Damages rows behind the guards, so that a test can see who notices."""

from decimal import Decimal

from django.db import connection


def damage(statement: str, *values: str | int | Decimal | None) -> None:
    """Change rows as no statement could while the guards are awake.

    What the caller deferred is checked before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values or None)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
