"""Revoking an API key on the account page: dead at once, for good."""

import pytest

from accounts.api_keys import find_user, issue_key
from accounts.models import User
from tests.accounts.account_page import address
from tests.factories import NOW, signed_in

pytestmark = pytest.mark.django_db


def test_revoked_key_is_dead_at_once_and_its_name_is_free(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)

    answer = signed_in(ann).post(address(key, "revoke"))

    assert answer["Location"] == "/account"
    assert find_user(key=key) is None
    assert find_user(key=issue_key(user=ann, name="shop", now=NOW)) == ann


def test_revoking_twice_keeps_the_first_moment(ann: User) -> None:
    key = issue_key(user=ann, name="shop", now=NOW)
    client = signed_in(ann)

    client.post(address(key, "revoke"))
    first = ann.api_keys.get().revoked_at
    client.post(address(key, "revoke"))

    assert first is not None
    assert ann.api_keys.get().revoked_at == first
