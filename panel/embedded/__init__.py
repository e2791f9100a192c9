"""Embedded PostgreSQL and Valkey: the panel runs on one machine with only Python installed.

The settings import it, so it must not need Django.
"""

from panel.embedded.paths import Paths, broker_url, cache_url, database_url
from panel.embedded.postgres import Postgres, is_running
from panel.embedded.programs import CannotStart
from panel.embedded.secrets_file import Secrets, make_secrets, secrets
from panel.embedded.valkey import Valkey

__all__ = [
    "CannotStart",
    "Paths",
    "Postgres",
    "Secrets",
    "Valkey",
    "broker_url",
    "cache_url",
    "database_url",
    "is_running",
    "make_secrets",
    "secrets",
]
