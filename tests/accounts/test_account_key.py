"""Ending an API key on the account page, by revoking or by replacing it: asked once more, and its
owner's alone.
"""

import pytest

from accounts.api_keys import find_user, issue_key
from accounts.models import User
from tests.accounts.account_page import address
from tests.factories import NOW, make_user, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("act", ["revoke", "rotate"])]

QUESTIONS = {
    "revoke": "Revoke the key “shop” ({prefix}…)?",
    "rotate": "Replace the key “shop” ({prefix}…) with a new one?",
}


@pytest.fixture
def key(ann: User) -> str:
    """Ann's key."""
    return issue_key(user=ann, name="shop", now=NOW)


def test_page_asks_first_and_changes_nothing(act: str, ann: User, key: str) -> None:
    page = signed_in(ann).get(address(key, act))

    assert page.status_code == 200
    assert QUESTIONS[act].format(prefix=key[:8]) in page.content.decode()
    assert find_user(key=key) == ann


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_key_is_not_found(act: str, method: str, ann: User, key: str) -> None:
    answer = getattr(signed_in(make_user()), method)(address(key, act))

    assert answer.status_code == 404
    assert find_user(key=key) == ann


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_verb_is_refused(act: str, method: str, ann: User, key: str) -> None:
    assert getattr(signed_in(ann), method)(address(key, act)).status_code == 405
    assert find_user(key=key) == ann
