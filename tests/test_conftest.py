"""The test session itself: real PostgreSQL, durable only outside tests, no stranger on the line."""

import socket

import pytest
from django.db import connection

from panel.embedded import Valkey


@pytest.mark.django_db
def test_database_is_postgresql_18_on_a_socket() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, inet_server_addr()"
        )
        row = cursor.fetchone()

    assert row == (18, None)


@pytest.mark.django_db
def test_locks_are_waited_for_longer_than_on_a_page() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")

        assert cursor.fetchone() == ("25s",)


def test_broker_answers(valkey: Valkey) -> None:
    assert valkey.is_ready()


def test_strangers_are_refused() -> None:
    with socket.socket() as stranger, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        stranger.connect(("192.0.2.1", 80))
