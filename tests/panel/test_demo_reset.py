"""A demo that was killed while it was being filled: the next start begins anew, and touches nobody
else's panel.
"""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from billing.models import Transfer
from panel.demo.providers import folder
from panel.demo.reset import mark
from panel.demo.users import EVERYBODY, enrol_people
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(tmp_path: Path, settings: Settings) -> Path:
    """What a provider kept in the folder of a demo whose filling has only begun."""
    settings.PANEL_DATA_DIR = tmp_path
    folder(tmp_path).mkdir()
    mark(tmp_path)
    enrol_people(now=timezone.now())
    # what waits for a commit would keep the tables from being dropped
    connection.check_constraints()
    kept = folder(tmp_path) / "provider-7.json"
    kept.touch()
    return kept


@pytest.mark.slow
def test_next_start_finds_everything_empty(state: Path) -> None:
    call_command("seed_demo", "--check")

    assert not state.exists()
    assert (User.objects.count(), Transfer.objects.count()) == (0, 0)


def test_panel_of_somebody_else_is_left_alone(state: Path) -> None:
    make_user(role=Role.ADMIN)

    with pytest.raises(CommandError, match="holds a real panel"):
        call_command("seed_demo", "--check")

    assert state.exists()
    assert User.objects.count() == len(EVERYBODY) + 1


def test_filled_demo_is_left_alone(state: Path) -> None:
    (state.parent / "api-key").touch()

    call_command("seed_demo", "--check")

    assert state.exists()
    assert User.objects.count() == len(EVERYBODY)
