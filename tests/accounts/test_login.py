"""Logging in and out."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Attempts are counted in the cache, which outlives a test."""
    cache.clear()


def is_logged_in(client: Client) -> bool:
    """Whether this browser's session belongs to someone."""
    return "_auth_user_id" in client.session


def test_a_user_logs_in_by_e_mail_in_any_case(client: Client) -> None:
    make_user(email="ann@example.com")

    response = client.post(LOGIN, {"login": "Ann@Example.com", "password": PASSWORD})

    assert response.status_code == 302
    assert is_logged_in(client)


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client) -> None:
    make_user(email="ann@example.com")

    wrong = client.post(
        LOGIN, {"login": "ann@example.com", "password": "not hers"}
    ).content.decode()
    unknown = client.post(
        LOGIN, {"login": "bob@example.com", "password": "not hers"}
    ).content.decode()

    message = "The email address and/or password you specified are not correct."
    assert message in wrong
    assert message in unknown
    assert not is_logged_in(client)


def test_a_missing_password_names_its_field(client: Client) -> None:
    response = client.post(LOGIN, {"login": "ann@example.com"})

    assert response.status_code == 422
    assert 'id="id_password_error"><li>This field is required.</li>' in response.content.decode()


def test_a_refused_form_is_not_answered_as_a_success(client: Client) -> None:
    make_user(email="ann@example.com")

    assert (
        client.post(LOGIN, {"login": "ann@example.com", "password": "not hers"}).status_code == 422
    )
    assert client.get(LOGIN).status_code == 200


def test_many_wrong_passwords_are_stopped_even_for_the_right_one(client: Client) -> None:
    make_user(email="ann@example.com")
    for _ in range(10):
        client.post(LOGIN, {"login": "ann@example.com", "password": "not hers"})

    response = client.post(LOGIN, {"login": "ann@example.com", "password": PASSWORD})

    assert "Too many failed login attempts" in response.content.decode()
    assert not is_logged_in(client)


def test_attempts_are_remembered_while_others_make_theirs(client: Client) -> None:
    make_user(email="ann@example.com")
    for _ in range(10):
        client.post(LOGIN, {"login": "ann@example.com", "password": "not hers"})
    # a thousand guesses from elsewhere, of which each is counted, too
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO panel_cache SELECT '~' || number, '', now() + interval '1 hour'"
            " FROM generate_series(1, 1000) AS number"
        )

    client.post(LOGIN, {"login": "bob@example.com", "password": "not his"}, REMOTE_ADDR="192.0.2.7")
    response = client.post(
        LOGIN, {"login": "ann@example.com", "password": PASSWORD}, REMOTE_ADDR="192.0.2.8"
    )

    assert "Too many failed login attempts" in response.content.decode()
    assert not is_logged_in(client)


def test_a_closed_account_cannot_log_in(client: Client) -> None:
    user = make_user()
    user.is_active = False
    user.save()

    response = client.post(LOGIN, {"login": user.email, "password": PASSWORD}, follow=True)

    assert "<h1>This account is closed</h1>" in response.content.decode()
    assert not is_logged_in(client)


def test_a_link_to_another_host_is_not_followed_after_the_log_in(client: Client) -> None:
    user = make_user()

    response = client.post(
        LOGIN, {"login": user.email, "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert response["Location"] == "/"


def test_opening_the_log_out_page_ends_nothing(client: Client) -> None:
    client.force_login(make_user())

    html = client.get("/accounts/logout/").content.decode()

    assert "<h1>Log out?</h1>" in html
    assert is_logged_in(client)


def test_logging_out_ends_the_session(client: Client) -> None:
    client.force_login(make_user())

    response = client.post("/accounts/logout/")

    assert response["Location"] == "/"
    assert not is_logged_in(client)
