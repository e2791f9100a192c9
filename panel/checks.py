"""Checks of durability and secrets; `prepare` and `migrate` do not run if they fail."""

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
    """One error per database that could lose commits: a crash would place orders twice."""
    errors = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)",
                [[*DURABLE, "cluster_name"]],
            )
            off = forgetful(dict(cursor.fetchall()))
        if off:
            message = (
                f"PostgreSQL can lose orders and payments in a crash: turn on {', '.join(off)}"
            )
            errors.append(Error(message, id="panel.E001"))
    return errors


@register(Tags.database)
def secrets(databases: Iterable[str] | None = None, **_: object) -> list[Error]:
    """One error per missing secret other than SECRET_KEY."""
    missing = [name for name in SECRETS if databases and not getattr(settings, name)]
    return [
        Error(f"{name} is not set (.env.example shows how to generate it)", id="panel.E002")
        for name in missing
    ]


def forgetful(server: Mapping[str, str]) -> list[str]:
    """The settings of `server` that are off but must be on; none for a test server."""
    if server.get("cluster_name") == MARK_OF_THROWAWAY:
        return []
    return [name for name in DURABLE if server.get(name) == "off"]
