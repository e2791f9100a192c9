"""One stand for all faults: what a test breaks, the panel mends by itself before the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

from tests.double.handle import ProviderDouble
from tests.waiting import wait_for

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from tests.faults.shop import Shop
    from tests.faults.side_by_side import Outcomes
    from tests.faults.stand import Stand


# Not for the whole session: a panel that runs beside all later tests, on fast intervals, slows them
# down.
@pytest.fixture(scope="package")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stand"]:
    from tests.faults.shop import QUIET
    from tests.faults.stand import Stand

    # longer than in a run that breaks everything: here a provider that answers must always be in
    # time
    patience = {"PROVIDER_TIMEOUT": "3", "UNCLEAR_QUIET": str(QUIET)}
    running = Stand(tmp_path_factory.mktemp("faults") / "data", env=patience)
    running.start()
    yield running
    running.end()


@pytest.fixture
def stand(_running: "Stand", django_db_blocker: DjangoDbBlocker) -> Iterator["Stand"]:
    """The running panel; the test's ORM leads to its database."""
    with _whole(_running, django_db_blocker):
        yield _running


@contextmanager
def _whole(running: "Stand", django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    from tests.faults.database import database_of

    with django_db_blocker.unblock(), database_of(running.data_dir):
        running.keep_second_beat()
        wait_for(running.is_whole)  # the test before may have killed something
        yield


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, _running: "Stand", django_db_blocker: DjangoDbBlocker
) -> "Outcomes":
    """What came of the file's scenarios that run side by side."""
    from tests.faults.side_by_side import Outcomes, scenarios

    chosen = scenarios(request.session.items, module=request.module)
    with _whole(_running, django_db_blocker):
        return Outcomes.run(chosen, _running)


@pytest.fixture
def shop(stand: "Stand", double: ProviderDouble) -> Iterator["Shop"]:
    """A shop of the test's own, judged by the oracle at the end."""
    from tests.faults.shop import shop_of

    with shop_of(stand, double) as opened:
        yield opened
