"""Refuses to start where money could be forgotten or keys could not be kept: asked by `prepare` and
by `migrate`.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from panel.embedded.postgres import MARK_OF_THROWAWAY

DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
SECRETS: Final = ("ENCRYPTION_KEYS", "API_KEY_PEPPER")


@register(Tags.database)
def durability(databases: Iterable[str] | None = None, **_: object) -> list[Error]:
    """One error for each database that may lose what it has confirmed.

    A crash would place orders twice.
    """
    errors = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)",
                [[*DURABLE, "cluster_name"]],
            )
            off = forgetful(dict(cursor.fetchall()))
        if off:
            message = f"PostgreSQL would forget orders and payments in a crash: switch on {', '.join(off)}"
            errors.append(Error(message, id="panel.E001"))
    return errors


@register(Tags.database)
def secrets(databases: Iterable[str] | None = None, **_: object) -> list[Error]:
    """One error for each secret beside SECRET_KEY that nobody has set."""
    missing = [name for name in SECRETS if databases and not getattr(settings, name)]
    return [
        Error(f"{name} is not set (.env.example says how to make one)", id="panel.E002")
        for name in missing
    ]


def forgetful(server: Mapping[str, str]) -> list[str]:
    """Which of `server`'s settings are off that must be on; none for one that tests will throw
    away.
    """
    if server.get("cluster_name") == MARK_OF_THROWAWAY:
        return []
    return [name for name in DURABLE if server.get(name) == "off"]
