"""The pages that are shown when something went wrong."""

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views.defaults import bad_request, server_error

from tests.factories import make_user


def test_a_crash_is_explained_without_a_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))  # no database mark: a single query would fail this test

    assert response.status_code == 500
    assert "<h1>Something went wrong on our side</h1>" in response.content.decode()
    assert "Traceback" not in response.content.decode()


def test_a_malformed_request_is_explained_without_a_database(rf: RequestFactory) -> None:
    response = bad_request(rf.get("/"), ValueError("secret"))

    assert response.status_code == 400
    assert "Nothing was changed" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_pause_is_explained_without_a_request() -> None:
    assert "<h1>We'll be right back</h1>" in render_to_string("503.html")


@pytest.mark.django_db
def test_an_unknown_address_keeps_the_frame(client: Client) -> None:
    client.force_login(make_user())

    response = client.get("/no/such/page")

    assert response.status_code == 404
    assert "<h1>Page not found</h1>" in response.content.decode()
    assert 'aria-label="Main menu"' in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing_and_says_so() -> None:
    client = Client(enforce_csrf_checks=True)
    user = make_user()

    response = client.post("/accounts/login/", {"login": user.email, "password": "any"})

    assert response.status_code == 403
    assert "<h1>This form has expired</h1>" in response.content.decode()
