"""What a scenario runs on: a provider double in a process of its own, and a database that nobody
has used yet.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from unittest import mock

from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from panel.embedded import Postgres
from panel.embedded.paths import DATABASE
from tests.double.handle import ProviderDouble
from tests.faults.oracle import judge


@dataclass(frozen=True)
class Ground:
    """The provider and the truth about it; the ORM leads to the scenario's own database."""

    double: ProviderDouble

    def wrongs(self) -> list[str]:
        """What the oracle of the chaos run finds wrong: a sentence each, empty where all held."""
        return judge(self.double.placed()).violations


class Grounds:
    """Makes one ground after another, copies of the database where DATABASE_URL leads: all tables,
    empty.
    """

    def __init__(self, double: ProviderDouble) -> None:
        self._double = double
        self._count = 0

    @classmethod
    @contextmanager
    def open(cls, data_dir: Path) -> Iterator[Self]:
        """Start a provider, and PostgreSQL in `data_dir`, where DATABASE_URL leads."""
        server = Postgres(data_dir, is_throwaway=True)
        server.start()
        try:
            call_command("migrate", verbosity=0)
            with ProviderDouble() as double:
                yield cls(double)
        finally:
            connection.close()
            server.stop()

    @contextmanager
    def fresh(self) -> Iterator[Ground]:
        """A ground of its own; gone afterwards, and with it whatever was done to its database."""
        self._count += 1
        name = f"{DATABASE}_{self._count}"
        connection.close()  # a database that is copied must have no session
        _run(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, DATABASE)
        self._double.reset()
        try:
            with _database(name):
                yield Ground(self._double)
        finally:
            _run(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@contextmanager
def _database(name: str) -> Iterator[None]:
    """Inside, every thread that begins and every process that is started here works on the
    database `name`.
    """
    kept = connections.settings["default"]
    address = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = {**kept, "NAME": name}
    try:
        with mock.patch.dict(os.environ, DATABASE_URL=address):
            yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = kept


def _run(statement: sql.SQL, *names: str) -> None:
    """One statement outside any transaction, on the server's own database."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement.format(*map(sql.Identifier, names)))
