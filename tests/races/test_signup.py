"""Forms that are sent many times at once: one account, no error page, and no more keys than anybody
may have.
"""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.api_keys import MAX_KEYS, TooManyKeys, issue_key
from accounts.models import User
from tests.factories import NOW, PASSWORD, make_user
from tests.guards_off import at_once_without
from tests.threads import at_once

CLICKS = 8


@pytest.mark.django_db(transaction=True)
def test_sign_up_form_that_is_sent_many_times_at_once_makes_one_account() -> None:
    cache.clear()  # attempts are counted there

    def sign_up(number: int) -> tuple[int, bool]:
        # not from one address: allauth answers 429 where its count is not to be had in a second
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        form = {"email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
        answer = client.post("/accounts/signup/", form)
        return answer.status_code, "_auth_user_id" in client.session

    answers = at_once(sign_up, times=CLICKS)

    # one is in; the others are sent on to the log-in, or have the form back with its error
    assert answers.count((302, True)) == 1
    assert set(answers) <= {(302, True), (302, False), (422, False)}
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_keys_asked_for_at_once_are_no_more_than_allowed() -> None:
    user = make_user()

    def issue(number: int) -> bool:
        try:
            issue_key(user=user, name=f"key {number}", now=NOW)
        except TooManyKeys:
            return False
        return True

    made = at_once(issue, times=MAX_KEYS + 5)

    assert sum(made) == MAX_KEYS == user.api_keys.count()


@pytest.mark.django_db(transaction=True)
def test_control_without_the_users_lock_there_are_more_keys_than_allowed() -> None:
    user = make_user()

    made = at_once_without(
        lambda number: issue_key(user=user, name=f"key {number}", now=NOW),
        times=MAX_KEYS + 1,
        meet=re.compile(r"SELECT COUNT\(\*\)"),
    )

    assert len(made) == user.api_keys.count() == MAX_KEYS + 1
