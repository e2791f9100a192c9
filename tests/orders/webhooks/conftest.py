"""What every test of webhooks needs: receivers on this machine are allowed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import Settings

from tests.orders.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture(autouse=True)
def receivers_here_are_allowed(settings: Settings) -> None:
    """Permit http and loopback, as a demo does."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A customer's program that answers 200 to everything."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def ann() -> "User":
    """A customer."""
    from tests.factories import make_user  # Django may not be set up when this file is read

    return make_user(email="ann@example.com")


@pytest.fixture
def client(ann: "User") -> Client:
    """Ann's browser."""
    from tests.factories import signed_in

    return signed_in(ann)
