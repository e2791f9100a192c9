"""Scopes, networks and limits, as programs meet them.

No Valkey runs here: this process counts for itself.
"""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiKey, CustomerGroup, User
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.api.api_client import ask, key_of, post

BALANCE = b'{"balance":"0.00000","currency":"USD"}'
INVALID = b'{"error":"Invalid API key"}'
TOO_MANY = b'{"error":"Too many requests"}'


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The first second of a minute, so that a window never ends within a test."""
    with time_machine.travel(NOW, tick=False):
        yield


def answer(key: str, action: str = "balance", **extra: str) -> tuple[int, bytes]:
    found = post({"key": key, "action": action}, headers=extra)
    return found.status_code, found.content


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["add", "refill", "cancel"])
def test_reading_key_may_not_order(action: str) -> None:
    key = key_of(make_user(), scope="read")

    assert ask(key, action, orders="1") == b'{"error":"This API key may only read"}'
    assert ask(key, "balance") == BALANCE


@pytest.mark.django_db
def test_key_from_a_foreign_address_is_no_key() -> None:
    key = key_of(make_user(), allowed_ips=("203.0.113.0/24",))

    assert ask(key, "balance") == INVALID
    with override_settings(TRUSTED_PROXIES=1):
        spoofed = post(
            {"key": key, "action": "balance"}, headers={"X-Forwarded-For": "203.0.113.1, 6.6.6.6"}
        )
        real = post(
            {"key": key, "action": "balance"}, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.1"}
        )
    assert (spoofed.content, real.content) == (INVALID, BALANCE)
    assert ApiKey.objects.get().last_used_ip == "203.0.113.1"


@pytest.mark.django_db
def test_key_that_is_revoked_ends_with_the_next_request() -> None:
    key = key_of(make_user())
    assert ask(key, "balance") == BALANCE

    ApiKey.objects.update(revoked_at=NOW)

    assert ask(key, "balance") == INVALID


@pytest.mark.django_db
@override_settings(API_REQUESTS_PER_MINUTE=3)
def test_one_request_too_many_is_429_without_a_query_until_the_minute_ends() -> None:
    key, other = key_of(make_user()), key_of(make_user())

    with time_machine.travel(NOW + timedelta(seconds=18), tick=False):
        codes = [answer(key)[0] for _ in range(3)]
        with CaptureQueriesContext(connection) as queries:
            refused = post({"key": key, "action": "balance"})
        others = answer(other)[0]
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        later = answer(key)

    assert codes == [HTTPStatus.OK] * 3
    assert (refused.status_code, refused.content) == (HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)
    assert refused.headers["Retry-After"] == "42"
    assert refused.headers["Content-Type"] == "application/json"
    assert len(queries) == 0
    assert others == HTTPStatus.OK
    assert later == (HTTPStatus.OK, BALANCE)


@pytest.mark.django_db
@override_settings(API_REQUESTS_PER_MINUTE=2, API_IP_REQUESTS_PER_MINUTE=2)
def test_group_has_limits_of_its_own_for_keys_and_their_address() -> None:
    group = CustomerGroup.objects.create(name="Large", requests_per_minute=5, orders_per_minute=1)
    user = make_user()
    User.objects.filter(pk=user.pk).update(group=group)
    key = key_of(user)

    codes = [answer(key)[0] for _ in range(6)]

    assert codes == [HTTPStatus.OK] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]


@pytest.mark.django_db
@override_settings(API_REQUESTS_PER_MINUTE=2, API_IP_REQUESTS_PER_MINUTE=3)
def test_address_is_limited_over_all_its_keys() -> None:
    keys = [key_of(make_user()) for _ in range(2)]

    codes = [answer(key)[0] for key in [*keys, *keys]]

    assert codes == [HTTPStatus.OK] * 3 + [HTTPStatus.TOO_MANY_REQUESTS]


@pytest.mark.django_db
def test_address_with_too_many_wrong_keys_is_cut_off_but_not_its_right_ones() -> None:
    right, late = key_of(make_user()), key_of(make_user())
    ask(right, "balance")

    wrong = [answer("x" * 38 + f"{number:02}") for number in range(61)]

    assert wrong == [(HTTPStatus.OK, INVALID)] * 60 + [(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)]
    assert answer(right) == (HTTPStatus.OK, BALANCE)
    assert answer(late)[0] == HTTPStatus.TOO_MANY_REQUESTS


@pytest.mark.django_db
@override_settings(API_ORDERS_PER_MINUTE=2)
def test_orders_of_a_minute_are_counted_by_the_orders_themselves() -> None:
    user, service = make_user(balance="100"), make_service()
    key = key_of(user)
    fields = {"key": key, "action": "add", "service": service.pk, "quantity": 100, "link": "@first"}
    first = post({**fields, "idempotency_key": "k1"})
    make_order(user=user, service=service, now=timezone.now() + timedelta(seconds=20))

    with time_machine.travel(NOW + timedelta(seconds=30), tick=False):
        refused = post({**fields, "link": "@third"})
        repeat = post({**fields, "idempotency_key": "k1"})
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        later = post({**fields, "link": "@third"})

    assert (refused.status_code, refused.content, refused.headers["Retry-After"]) == (
        429,
        TOO_MANY,
        "30",
    )
    assert repeat.content == first.content
    assert later.status_code == HTTPStatus.OK
    assert user.orders.count() == 3
