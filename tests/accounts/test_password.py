"""Changing a password, and choosing a new one where it is forgotten."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
CHANGE = "/accounts/password/change/"
RESET = "/accounts/password/reset/"
NEW = "a new and longer secret"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Attempts are counted in the cache, which outlives a test."""
    cache.clear()


def test_the_old_password_is_asked_for(client: Client) -> None:
    user = make_user()
    client.force_login(user)

    html = client.post(
        CHANGE, {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    ).content.decode()

    user.refresh_from_db()
    assert 'id="id_oldpassword_error"' in html
    assert user.check_password(PASSWORD)


def test_a_password_is_changed_and_other_sessions_end(client: Client) -> None:
    user = make_user()
    other = Client()
    other.force_login(user)
    client.force_login(user)

    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert user.check_password(NEW)
    assert other.get(CHANGE).status_code == 302


def test_a_visitor_cannot_change_a_password(client: Client) -> None:
    response = client.get(CHANGE)

    assert response["Location"].startswith("/accounts/login/")


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail_once(client: Client) -> None:
    user = make_user()
    client.post(RESET, {"email": user.email})
    found = re.search(rf"{settings.SITE_URL}(\S+)", str(mail.outbox[0].body))
    assert found is not None
    form = client.get(found[1])["Location"]

    client.post(form, {"password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "<h1>This link no longer works</h1>" in Client().get(found[1]).content.decode()


def test_the_link_leads_to_us_whatever_host_the_request_named(client: Client) -> None:
    user = make_user()

    client.post(RESET, {"email": user.email}, headers={"host": "localhost:9999"})

    links = [word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word]
    assert [
        link.startswith(f"{settings.SITE_URL}/accounts/password/reset/key/") for link in links
    ] == [True]


def test_an_unknown_address_reads_as_a_known_one(client: Client) -> None:
    make_user(email="ann@example.com")

    known = client.post(RESET, {"email": "ann@example.com"}, follow=True).content.decode()
    unknown = client.post(RESET, {"email": "bob@example.com"}, follow=True).content.decode()

    assert "<h1>Check your e-mail</h1>" in known
    assert "<h1>Check your e-mail</h1>" in unknown
