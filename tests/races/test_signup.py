"""A double click on the sign-up form makes one account and no error page."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD
from tests.races.together import at_once

CLICKS = 8


@pytest.mark.django_db(transaction=True)
def test_sign_up_form_that_is_sent_many_times_at_once_makes_one_account() -> None:
    cache.clear()  # attempts are counted there

    def sign_up(_: int) -> int:
        form = {"email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
        return Client().post("/accounts/signup/", form).status_code

    answers = at_once(sign_up, times=CLICKS)

    assert set(answers) <= {200, 302, 422}  # made, sent on to the log-in, or the form with its error
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1
