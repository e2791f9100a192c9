"""Revoking an API key on the account page: asked once more, dead at once, for good."""

import pytest
from django.test import Client

from accounts.api_keys import find_user, issue_key
from accounts.models import User
from tests.factories import NOW, make_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    """A customer."""
    return make_user(email="ann@example.com")


def address(user: User) -> str:
    """Where the user's newest key is revoked."""
    return f"/account/keys/{user.api_keys.latest('pk').pk}/revoke"


def test_page_asks_first_and_changes_nothing(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    page = signed_in(ann).get(address(ann))

    assert page.status_code == 200
    assert f"Revoke the key “shop” ({key[:8]}…)?" in page.content.decode()
    assert find_user(key=key) == ann


def test_revoked_key_is_dead_at_once_and_its_name_is_free(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    answer = signed_in(ann).post(address(ann))

    assert answer["Location"] == "/account"
    assert find_user(key=key) is None
    assert find_user(key=issue_key(user=ann, name="shop", now=NOW)) == ann


def test_revoking_twice_keeps_the_first_moment(ann: User) -> None:
    issue_key(user=ann, name="shop", now=NOW)
    client = signed_in(ann)

    client.post(address(ann))
    first = ann.api_keys.get().revoked_at
    client.post(address(ann))

    assert first is not None
    assert ann.api_keys.get().revoked_at == first


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_key_is_not_found(method: str, ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    answer = getattr(signed_in(make_user()), method)(address(ann))

    assert answer.status_code == 404
    assert find_user(key=key) == ann


@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_is_sent_to_the_log_in(method: str, ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    answer = getattr(Client(), method)(address(ann))

    assert answer["Location"].startswith("/accounts/login/?next=/account/keys/")
    assert find_user(key=key) == ann


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_verb_is_refused(method: str, ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    assert getattr(signed_in(ann), method)(address(ann)).status_code == 405
    assert find_user(key=key) == ann
