"""Each of the fourteen guards is missed when it is off; `make mutants` shows them in a table."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from panel.embedded import Postgres
from tests.double.handle import ProviderDouble
from tests.mutants.ground import Grounds
from tests.mutants.guards import GUARDS, Guard
from tests.mutants.trials import try_out

pytestmark = pytest.mark.slow


@pytest.fixture
def grounds(
    postgres: Postgres,
    double: ProviderDouble,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Grounds]:
    """Databases on the session's server, beside that of the other tests."""
    monkeypatch.setenv("PROVIDER_TIMEOUT", "2")  # for the processes that a scenario starts
    with django_db_blocker.unblock():
        yield Grounds(double)


def test_there_are_fourteen_guards() -> None:
    assert len({guard.name for guard in GUARDS}) == 14


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_guard_is_missed_when_it_is_off(guard: Guard, grounds: Grounds) -> None:
    trial = try_out(guard, grounds)

    assert trial.wrongs_with == []
    assert trial.wrongs_without != []
