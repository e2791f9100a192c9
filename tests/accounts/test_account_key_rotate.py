"""Replacing an API key on the account page: a successor that is shown once, the old key dead at the
same moment.
"""

import re
from collections import Counter
from datetime import timedelta

import pytest

from accounts.api_keys import MAX_KEYS, NameTaken, find_key, find_user, issue_key
from accounts.models import User
from accounts.rotate_key import KeyEnded, rotate_key
from tests.accounts.account_page import address, shown
from tests.factories import NOW, signed_in
from tests.guards_off import Guard, at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def test_successor_works_and_is_shown_once_and_the_old_key_is_dead(ann: User) -> None:
    old = issue_key(user=ann, name="shop", now=NOW)
    client = signed_in(ann)

    answer = client.post(address(old, "rotate"))

    new = shown(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert find_user(key=new) == ann
    assert find_user(key=old) is None
    assert new not in client.get("/account").content.decode()
    assert old not in answer.content.decode()


def test_successor_may_do_what_the_old_key_might(ann: User) -> None:
    old = issue_key(user=ann, name="shop", now=NOW, scope="read", allowed_ips=["203.0.113.0/24"])

    new = rotate_key(key=ann.api_keys.get(prefix=old[:8]), now=NOW + timedelta(days=1))

    found = find_key(key=new, ip="203.0.113.9")
    assert found is not None
    assert (found.name, found.scope, found.allowed_ips) == ("shop", "read", ["203.0.113.0/24"])
    assert found.created_at == NOW + timedelta(days=1)
    assert find_key(key=new, ip="198.51.100.1") is None


def test_key_is_replaced_where_no_more_can_be_made(ann: User) -> None:
    keys = [issue_key(user=ann, name=str(number), now=NOW) for number in range(MAX_KEYS)]

    answer = signed_in(ann).post(address(keys[0], "rotate"))

    assert find_user(key=shown(answer.content.decode())) == ann
    assert ann.api_keys.filter(revoked_at=None).count() == MAX_KEYS


def test_replacing_twice_makes_one_successor(ann: User) -> None:
    old = issue_key(user=ann, name="shop", now=NOW)
    client = signed_in(ann)

    new = shown(client.post(address(old, "rotate")).content.decode())
    again = client.post(address(old, "rotate"), follow=True)

    assert "was already revoked or replaced" in again.content.decode()
    assert find_user(key=new) == ann
    assert ann.api_keys.count() == 2


def test_revoked_key_has_no_successor(ann: User) -> None:
    issue_key(user=ann, name="shop", now=NOW)
    ann.api_keys.update(revoked_at=NOW)

    with pytest.raises(KeyEnded):
        rotate_key(key=ann.api_keys.get(), now=NOW)
    assert ann.api_keys.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_replace_a_key_at_once_one_gets_its_successor(ann: User) -> None:
    issue_key(user=ann, name="shop", now=NOW)
    key = ann.api_keys.get()

    def replace(_: int) -> str:
        try:
            return rotate_key(key=key, now=NOW)
        except KeyEnded:
            return ""

    new = [found for found in at_once(replace, times=8) if found]

    assert [find_user(key=found) for found in new] == [ann]
    assert ann.api_keys.count() == 2


@pytest.mark.django_db(transaction=True)
def test_control_without_the_mark_that_it_has_ended_a_key_is_replaced_again(ann: User) -> None:
    """Only that no two keys have one name is in the way then."""
    issue_key(user=ann, name="shop", now=NOW)
    key = ann.api_keys.get()
    column = r"\"accounts_apikey\"\.\"{}\""
    unended = Guard(
        re.compile(column.format("revoked_at") + " IS NULL AND (?=" + column.format("id") + ")")
    )

    def replace(_: int) -> str:
        try:
            rotate_key(key=key, now=NOW)
        except NameTaken:
            return "name taken"
        return "replaced"

    ends = at_once_without(replace, times=3, off=[unended], meet=None)

    assert Counter(ends) == {"replaced": 1, "name taken": 2}
