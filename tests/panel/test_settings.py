"""Settings: a wrong value stops the start with one line that names the variable and keeps its
secrets to itself.
"""

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from panel.embedded import make_secrets
from panel.embedded.paths import Paths
from panel.processes.run_panel import PROJECT

WRONG = [
    ("API_MAX_BODY_KB", "63", "must be a whole number of at least 64, not '63'"),
    ("API_REQUESTS_PER_MINUTE", "²", "must be a whole number of at least 1, not '²'"),
    (
        "API_SERVICES_EXTRA",
        "desc,price",
        "may list dripfeed, desc, average_time, currency, not 'price'",
    ),
    ("CLAIM_LEASE", "20", "must be longer than PROVIDER_TIMEOUT: a claim covers a whole call"),
    (
        "DATABASE_URL",
        "mysql://panel:canary@db/panel",
        "must start with postgres:// or postgresql://",
    ),
    ("DATABASE_URL", "postgres://panel:canary@db", "must end with the name of a database"),
    (
        "DATABASE_URL",
        "postgres://panel:canary/x@db/panel",
        "is not a valid URL; special characters in a password must be percent-encoded",
    ),
    ("DEBUG", "maybe", "must be on or off, not 'maybe'"),
    ("EMAIL_URL", "canary", "must start with smtp:// or smtps:// or"),
    ("EMAIL_URL", "smtp+tls://", "must name a mail server"),
    (
        "ENCRYPTION_KEYS",
        "canary",
        "must hold Fernet keys (32 bytes in URL-safe base64), separated by commas",
    ),
    ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'LOUD'"),
    ("PANEL_CURRENCY", "US$", "must be a three-letter code, not 'US$'"),
    ("PROVIDER_TIMEOUT", "45", "must be below 45 s, the limit of a task"),
    (
        "REDIS_URL",
        "http://:canary@broker",
        "must start with redis:// or rediss:// or redis+socket://",
    ),
    ("SECOND_PERSON_ABOVE", "-1", "must be an amount of at least 0, not '-1'"),
    (
        "SITE_URL",
        "https://panel.example/shop",
        "must be like https://panel.example, without a path, not",
    ),
    ("SITE_URL", "panel.example", "must start with http:// or https://"),
    ("TRACK_EVERY", "nan", "must be a number of seconds above 0, not 'nan'"),
]


def read_settings() -> dict[str, Any]:
    """Every setting, read anew from the environment."""
    return runpy.run_path(str(PROJECT / "panel" / "settings.py"))


@pytest.mark.parametrize(
    ("name", "value", "fault"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG]
)
def test_wrong_value_is_named_without_its_secrets(
    name: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIM_LEASE", "60")
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as raised:
        read_settings()

    assert str(raised.value).startswith(f"{name} {fault}")
    assert "canary" not in str(raised.value)


def test_error_pages_with_settings_are_not_for_the_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://panel.example")
    monkeypatch.setenv("DEBUG", "on")

    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG must be off if SITE_URL is https"):
        read_settings()


def test_empty_variable_is_one_that_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_secrets(tmp_path)
    monkeypatch.setenv("PANEL_DATA_DIR", str(tmp_path))
    empty = [
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "API_KEY_PEPPER",
        "ALLOWED_HOSTS",
        "SIGN_UP_OPEN",
        "TRACK_EVERY",
        "EMAIL_URL",
    ]
    for name in empty:
        monkeypatch.setenv(name, "")

    settings = read_settings()

    assert (settings["SECRET_KEY"], settings["API_KEY_PEPPER"]) == (
        made.secret_key,
        made.api_key_pepper,
    )
    assert settings["ENCRYPTION_KEYS"] == made.encryption_keys
    assert settings["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]", "127.0.0.1"]
    assert (settings["IS_SIGN_UP_OPEN"], settings["TRACK_EVERY"]) == (True, 15.0)
    assert settings["EMAIL_BACKEND"] == "panel.mail.NoMailServer"


def test_lists_forgive_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "panel.example, shop.example,")

    assert read_settings()["ALLOWED_HOSTS"] == ["panel.example", "shop.example"]


def test_fields_of_services_are_listed_in_their_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_SERVICES_EXTRA", "Currency, desc")

    assert read_settings()["API_SERVICES_EXTRA"] == ["desc", "currency"]


def test_mail_server_is_given_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://panel:pa%2Fss@mail.example:587")

    settings = read_settings()

    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"]) == (
        "mail.example",
        587,
        True,
    )
    assert (settings["EMAIL_HOST_PASSWORD"], settings["EMAIL_TIMEOUT"]) == ("pa/ss", 10)
    assert settings["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"


def test_damaged_secrets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANEL_DATA_DIR", str(tmp_path))
    Paths.of(tmp_path).secrets.write_text("{")

    with pytest.raises(
        ImproperlyConfigured, match=r"secrets\.json is damaged: restore it from a backup"
    ):
        read_settings()
