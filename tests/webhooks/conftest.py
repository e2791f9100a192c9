"""What every test of webhooks needs: receivers on this machine are allowed."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.webhooks.receiver import Receiver


@pytest.fixture(autouse=True)
def receivers_here_are_allowed(settings: Settings) -> None:
    """Permit http and loopback, as a demo does."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A customer's program that answers 200 to everything."""
    with Receiver() as receiver:
        yield receiver
