"""Whatever goes wrong, programs get JSON: no page, no traceback, no redirect, no key in a log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings

from tests.factories import make_user
from tests.orders.api.api_client import ADDRESS, key_of, post

pytestmark = pytest.mark.django_db


@contextmanager
def database_that_raises(error: Exception) -> Iterator[None]:
    """Every query raises, as the driver's own errors do."""

    def fail(_execute: Callable[..., Any], *_arguments: object) -> NoReturn:
        raise error

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OperationalError("the connection is closed"), "Service unavailable"),
        (RuntimeError("<b>secret</b>"), "Internal error"),
    ],
)
def test_fault_of_ours_is_503_in_json(
    error: Exception, text: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.DEBUG = True  # where Django would show a page with every value
    key = key_of(make_user())

    with caplog.at_level(logging.DEBUG), database_that_raises(error):
        answer = post({"key": key, "action": "balance", "link": "https://secret.example"})

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.content == f'{{"error":"{text}"}}'.encode()
    assert (answer.headers["Content-Type"], answer.headers["Retry-After"]) == (
        "application/json",
        "5",
    )
    assert key not in caplog.text
    assert "secret.example" not in caplog.text


def test_plain_http_is_refused_without_a_redirect() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        plain = Client().post(ADDRESS, {"key": key_of(make_user()), "action": "balance"})
        secure = Client().post(
            f"{ADDRESS}/", {"key": key_of(make_user()), "action": "balance"}, secure=True
        )

    assert (plain.status_code, plain.content) == (
        200,
        b'{"error":"This API is served over https only"}',
    )
    assert secure.content == b'{"balance":"0.00000","currency":"USD"}'


def test_host_that_is_not_ours_is_refused_in_json() -> None:
    answer = post({"key": "", "action": "balance"}, headers={"Host": "evil.example"})

    assert (answer.status_code, answer.content) == (
        HTTPStatus.BAD_REQUEST,
        b'{"error":"Incorrect request"}',
    )


def test_session_is_not_looked_up(django_assert_num_queries: Any) -> None:
    client = Client()
    client.force_login(make_user())

    with django_assert_num_queries(0):
        answer = client.post(ADDRESS, {"key": "none", "action": "balance"})

    assert answer.content == b'{"error":"Invalid API key"}'
    assert "Vary" not in answer.headers
