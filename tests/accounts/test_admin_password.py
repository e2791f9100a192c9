"""An admin sets a password, which is the way back where no mail can be sent."""

import logging

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Role
from tests.factories import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
NEW = "a new and longer secret"


def test_an_admin_sets_a_password_which_ends_the_users_sessions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    user, admin = make_user(), make_user(role=Role.ADMIN)
    theirs = signed_in(user)
    caplog.set_level(logging.INFO, logger="accounts")

    response = signed_in(admin).post(
        f"/admin/users/{user.pk}/password", {"password": NEW}, follow=True
    )

    user.refresh_from_db()
    assert user.check_password(NEW)
    assert theirs.get("/account").status_code == 302
    assert f"Password of {user.email} set." in response.content.decode()
    assert f"User {user.pk}: password set by user {admin.pk}" in caplog.text
    assert NEW not in caplog.text


def test_an_admin_who_sets_their_own_stays_logged_in() -> None:
    admin = make_user(role=Role.ADMIN)
    client = signed_in(admin)

    client.post(f"/admin/users/{admin.pk}/password", {"password": NEW})

    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("password", ["", "short", "password123"])
def test_a_weak_password_is_refused(password: str) -> None:
    user = make_user()

    response = signed_in(make_user(role=Role.ADMIN)).post(
        f"/admin/users/{user.pk}/password", {"password": password}
    )

    user.refresh_from_db()
    assert response.status_code == 422
    assert user.check_password(PASSWORD)


def test_the_users_page_leads_to_it() -> None:
    user = make_user()

    page = signed_in(make_user(role=Role.ADMIN)).get(f"/admin/users/{user.pk}").content.decode()

    assert f'href="/admin/users/{user.pk}/password"' in page


def test_without_a_mail_server_no_mail_is_promised(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "panel.mail.NoMailServer"

    asked = client.get(RESET).content.decode()
    sent = client.post(RESET, {"email": make_user().email}, follow=True).content.decode()

    for page in (asked, sent):
        assert "an admin can set a new password for you" in page
        assert "on its way" not in page
        assert "Send link" not in page


def test_with_a_mail_server_a_link_is_offered(client: Client) -> None:
    page = client.get(RESET).content.decode()

    assert "Send link" in page
    assert "an admin can set" not in page
