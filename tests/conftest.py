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

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer

from panel.embedded import Postgres, Valkey, broker_url, database_url
from panel.embedded.paths import DATABASE, OWNER
from tests import prepared, spread
from tests.environment import ENVIRONMENT

if TYPE_CHECKING:
    from tests.double.handle import ProviderDouble

pytest_plugins = ["tests.chromium"]

PREPARED = prepared.choose()
LIMIT_ON_PANELS = (
    1200  # seconds for one test with its fixtures: a panel's start takes 100 at load 40
)
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shuffle SEED`."""
    parser.addoption(
        "--shuffle", metavar="SEED", help="run files, and tests in them, in random order"
    )


def pytest_configure() -> None:
    """Hash passwords cheaply: tests log in often and keep no secret.

    Wait long for locks: only the machine is slow.
    """
    from django.conf import settings  # only now do the settings see the environment above

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # the last one counts
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=25s"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in order, and give those on running panels the time that these need."""
    if config.getoption("shuffle"):
        spread.shuffled(items, seed=config.getoption("shuffle"))
    elif config.getoption("numprocesses", default=None) or hasattr(config, "workerinput"):
        spread.longest_first(items)
    for item in items:
        if any(item.iter_markers(name) for name in ("stack", "browser")):
            item.add_marker(pytest.mark.timeout(LIMIT_ON_PANELS))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> spread.Spread:
    """Keep together what shares a panel."""
    config.option.loadscopereorder = False  # by the number of tests
    return spread.Spread(config, log)


def pytest_xdist_setupnodes() -> None:
    """Let each worker process come to servers and settings of its own by this same file, not
    inherit ours.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE")


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    for folder in filter(None, (DATA_DIR, PREPARED)):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL."""
    prepared.copy_into(DATA_DIR)
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
    """Have PostgreSQL running, and the test database made of the prepared one: pytest-django finds
    nothing left to migrate. It asks for this by name.
    """
    from tests.table_flush import allow_flush  # Django must be set up first

    sockets = str(postgres.paths.postgres_sockets)
    with psycopg.connect(host=sockets, user=OWNER, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE test_{DATABASE} TEMPLATE {DATABASE}")
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
