"""Who looks at the catalog's pages."""

from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture
def admin(client: Client) -> "User":
    """An admin, logged in."""
    from accounts.models import Role  # models are there only once Django is set up
    from tests.factories import make_user

    user = make_user(role=Role.ADMIN)
    client.force_login(user)
    return user
