"""The one clock that leases and deadlines between workers rest on: the database's, whatever a
machine's own says.
"""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The moment by the database's clock, also inside a transaction (not the moment at which
    that began).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
