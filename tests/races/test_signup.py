"""Forms that are sent many times at once: one account, no error page, and no more keys than anybody
may have.
"""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.api_keys import MAX_KEYS, TooManyKeys, issue_key
from accounts.models import User
from tests.factories import NOW, PASSWORD, make_user
from tests.threads import at_once

CLICKS = 8


@pytest.mark.django_db(transaction=True)
def test_sign_up_form_that_is_sent_many_times_at_once_makes_one_account() -> None:
    cache.clear()  # attempts are counted there

    def sign_up(_: int) -> int:
        form = {"email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
        return Client().post("/accounts/signup/", form).status_code

    answers = at_once(sign_up, times=CLICKS)

    # made, sent on to the log-in, the form with its error, or asked to wait for the next mail
    assert set(answers) <= {200, 302, 422, 429}
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
