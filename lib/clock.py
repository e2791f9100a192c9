"""The clock of leases and deadlines between workers: the database's."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Now by the database's clock; inside a transaction, too, not the time at which that began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
