"""Signing up."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import Role, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
SIGN_UP = "/accounts/signup/"
ANN = {"email": "Ann@Example.com", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Attempts are counted in the cache, which outlives a test."""
    cache.clear()


def test_a_visitor_becomes_a_customer_and_is_logged_in(client: Client) -> None:
    client.post(SIGN_UP, ANN)

    user = User.objects.get()
    assert (user.email, user.role) == ("ann@example.com", Role.CUSTOMER)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_nobody_signs_up_as_staff(client: Client) -> None:
    client.post(SIGN_UP, ANN | {"role": "admin", "is_staff": "1"})

    assert User.objects.get().role == Role.CUSTOMER


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"password1": "12345678", "password2": "12345678"}, "password1"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password2": "another one"}, "password2"),
    ],
)
def test_a_wrong_field_is_named_and_makes_no_account(
    client: Client, change: dict[str, str], field: str
) -> None:
    html = client.post(SIGN_UP, ANN | change).content.decode()

    assert f'id="id_{field}_error"' in html
    assert not User.objects.exists()


def test_an_address_that_is_taken_makes_no_second_account(client: Client) -> None:
    make_user(email="ann@example.com")

    client.post(SIGN_UP, ANN)

    assert User.objects.count() == 1
    assert "_auth_user_id" not in client.session


def test_a_closed_sign_up_says_so_and_makes_no_account(client: Client, settings: Settings) -> None:
    settings.IS_SIGN_UP_OPEN = False

    html = client.post(SIGN_UP, ANN).content.decode()

    assert "<h1>Sign-up is closed</h1>" in html
    assert not User.objects.exists()
