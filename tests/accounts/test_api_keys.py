"""Keys: what they may do, from where, and when they were used last."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection

from accounts.api_keys import find_key, find_user, issue_key, note_use
from accounts.models import ApiKey
from lib.ip_addresses import BadNetwork
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db

IP = "203.0.113.7"


def the_key() -> ApiKey:
    return ApiKey.objects.get()


def test_key_orders_from_anywhere_unless_told_otherwise() -> None:
    key = issue_key(user=make_user(), name="shop", now=NOW)

    found = find_key(key=key, ip="")

    assert found == the_key()
    assert (the_key().scope, the_key().allowed_ips) == ("order", [])


def test_pitfall_30_key_is_not_in_the_database() -> None:
    key = issue_key(user=make_user(), name="shop", now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("SELECT k::text FROM accounts_apikey AS k")
        [row] = cursor.fetchone()

    assert key[:8] in row
    assert not any(key[at : at + 8] in row for at in range(1, len(key) - 7))
    assert hashlib.sha256(key.encode()).hexdigest() not in row  # the pepper is not in the database


def test_key_with_networks_is_unknown_from_elsewhere() -> None:
    key = issue_key(
        user=make_user(),
        name="shop",
        now=NOW,
        scope="read",
        allowed_ips=["203.0.113.0/24", "2001:db8::1"],
    )

    assert find_key(key=key, ip=IP) == find_key(key=key, ip="2001:db8::1") == the_key()
    assert [find_key(key=key, ip=ip) for ip in ("203.0.114.1", "", "2001:db8::2")] == [None] * 3
    assert find_user(key=key) is None


def test_key_with_what_is_no_network_is_not_made() -> None:
    with pytest.raises(BadNetwork):
        issue_key(user=make_user(), name="shop", now=NOW, allowed_ips=["here"])

    assert not ApiKey.objects.exists()


def test_revoked_key_and_disabled_user_are_unknown_at_once() -> None:
    user = make_user()
    key = issue_key(user=user, name="shop", now=NOW)

    ApiKey.objects.update(revoked_at=NOW)
    assert find_key(key=key, ip=IP) is None
    ApiKey.objects.update(revoked_at=None)
    assert find_key(key=key, ip=IP) is not None
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert find_key(key=key, ip=IP) is None


def test_use_is_noted_once_a_minute() -> None:
    issue_key(user=make_user(), name="shop", now=NOW)

    noted = []
    for seconds, ip in [(0, IP), (59, "203.0.113.8"), (61, "203.0.113.9"), (62, "")]:
        note_use(key=the_key(), ip=ip, now=NOW + timedelta(seconds=seconds))
        noted.append((the_key().last_used_at, the_key().last_used_ip))

    later = NOW + timedelta(seconds=61)
    assert noted == [(NOW, IP), (NOW, IP), (later, "203.0.113.9"), (later, "203.0.113.9")]


@pytest.mark.django_db(transaction=True)
def test_use_is_not_waited_for_where_the_row_is_held() -> None:
    from psycopg import connect

    issue_key(user=make_user(), name="shop", now=NOW)
    with connect(
        **connection.get_connection_params() | {"cursor_factory": None, "context": None}
    ) as other:
        other.execute("SELECT 1 FROM accounts_apikey FOR UPDATE")

        note_use(key=the_key(), ip=IP, now=NOW)

        assert the_key().last_used_at is None
        other.rollback()
    note_use(key=the_key(), ip=IP, now=NOW)
    assert the_key().last_used_at == NOW
