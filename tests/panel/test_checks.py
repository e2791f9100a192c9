"""The panel's own checks: a database that forgets, or a secret that nobody set, stops the start."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from panel.checks import forgetful


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_server_that_may_forget_is_refused(name: str) -> None:
    server = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "cluster_name": "main",
    }

    assert forgetful(server) == []
    assert forgetful({**server, name: "off"}) == [name]


def test_server_of_tests_may_forget() -> None:
    assert forgetful({"fsync": "off", "cluster_name": "throwaway"}) == []


@pytest.mark.django_db
def test_check_asks_the_database_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_checks(databases=["default"]) == []
    monkeypatch.setattr("panel.checks.MARK_OF_THROWAWAY", "another")

    found = [error.msg for error in run_checks(databases=["default"])]

    assert found == [
        "PostgreSQL can lose orders and payments in a crash: turn on fsync, full_page_writes, synchronous_commit"
    ]


@pytest.mark.django_db
def test_missing_secret_is_named(settings: Settings) -> None:
    settings.API_KEY_PEPPER = ""

    found = [error.msg for error in run_checks(databases=["default"])]

    assert found == ["API_KEY_PEPPER is not set (.env.example shows how to generate it)"]
