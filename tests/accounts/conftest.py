"""Who the tests of accounts are about."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture
def ann() -> "User":
    """A customer."""
    from tests.factories import make_user  # Django may not be set up when this file is read

    return make_user(email="ann@example.com")
