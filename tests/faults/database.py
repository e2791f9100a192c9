"""Leads this process's ORM to a running panel's database, and waits for a database that is away."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import environ
from django.db import InterfaceError, InternalError, OperationalError, connection, connections

from panel.embedded import database_url

T = TypeVar("T")
AWAY = (OperationalError, InterfaceError, InternalError)
PATIENCE = 90.0  # seconds until a database that is away counts as lost


@contextmanager
def database_of(data_dir: Path) -> Iterator[None]:
    """Inside, the default connection of every thread that begins here leads to the panel of
    `data_dir`.
    """
    kept = connections.settings["default"]
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = {**kept, **environ.Env.db_url_config(database_url(data_dir))}
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = kept


def surely(act: Callable[[], T]) -> T:
    """What `act` gives; repeated while the database is away, so it must be harmless to repeat."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except AWAY:
            connection.close()
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
