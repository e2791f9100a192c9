"""Gives every test real parts: PostgreSQL and Valkey of its own session, the provider double, a
watched browser.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from panel.embedded import Postgres, Valkey, broker_url, database_url
from tests.environment import ENVIRONMENT

if TYPE_CHECKING:
    from tests.double.handle import ProviderDouble

pytest_plugins = ["tests.chromium"]

DATA_DIR = Path(tempfile.mkdtemp(prefix="panel-tests-"))
# where WhiteNoise looks; without the folder it warns, and a warning is an error here
(DATA_DIR / "static").mkdir()
# Before Django reads its settings (pytest-django does so after this file). The servers start when a
# test first asks.
os.environ |= {
    **ENVIRONMENT,
    "PANEL_DATA_DIR": str(DATA_DIR),
    "DATABASE_URL": database_url(DATA_DIR),
    "REDIS_URL": broker_url(DATA_DIR),
}
# The same examples every time, and no limit on how long one takes: a busy machine is no fault of
# the code.
hypothesis_settings.register_profile(
    "certain",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("certain")


def pytest_configure() -> None:
    """Hash passwords cheaply: tests log in often and keep no secret.

    Wait long for locks: only the machine is slow.
    """
    from django.conf import settings  # only now do the settings see the environment above

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # the last one counts
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=25s"


def pytest_xdist_setupnodes() -> None:
    """Let each worker process come to servers and settings of its own by this same file, not
    inherit ours.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE")


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL."""
    server = Postgres(DATA_DIR, is_throwaway=True)
    server.start(limit=240)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """The session's Valkey; ask for it where a test needs a broker."""
    server = Valkey(DATA_DIR)
    server.start(limit=120)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: Postgres) -> None:
    """Have PostgreSQL running before the test database is made; pytest-django asks for this by
    name.
    """
    from tests.table_flush import allow_flush  # Django must be set up first

    del postgres
    allow_flush()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Leave the test database to the end of its whole server: dropped before, it would have to
    be without sessions.
    """
    return True


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> None:
    """Fail the test that connects to anything but this machine."""
    sys.addaudithook(_refuse_strangers)


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
        pytest.fail(f"a test connects to {address[0]}: only this machine is allowed")


@pytest.fixture(scope="session")
def _double() -> Iterator["ProviderDouble"]:
    # a test without a provider should not wait for it
    from tests.double.handle import ProviderDouble

    double = ProviderDouble()
    yield double
    double.stop()


@pytest.fixture
def double(_double: "ProviderDouble") -> "ProviderDouble":
    """A provider over real HTTP, as new: its own process, which outlives every test and keeps
    the truth.
    """
    _double.reset()
    return _double
