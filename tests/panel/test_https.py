"""A panel whose address begins with https:// as a browser meets it."""

import runpy
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from panel.processes.run_panel import PROJECT
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

HOST = "panel.example"
PREFIXES = ("SECURE_", "SESSION_COOKIE_", "CSRF_", "X_FRAME_", "ALLOWED_HOSTS", "IS_HTTPS")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A browser at a panel that was started with such an address."""
    monkeypatch.setenv("SITE_URL", f"https://{HOST}")
    monkeypatch.setenv("DEBUG", "off")
    read = runpy.run_path(str(PROJECT / "panel" / "settings.py"))
    chosen = {name: value for name, value in read.items() if name.startswith(PREFIXES)}
    with override_settings(**chosen):
        yield Client(headers={"host": HOST})


def test_plain_address_leads_to_the_safe_one(client: Client) -> None:
    answer = client.get("/services?q=likes")

    assert (answer.status_code, answer["Location"]) == (301, f"https://{HOST}/services?q=likes")


def test_browser_stays_with_https_for_a_year_and_on_every_name_below(client: Client) -> None:
    answer = client.get("/", secure=True)

    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_page_may_not_be_framed(client: Client) -> None:
    answer = client.get("/", secure=True)

    assert answer["X-Frame-Options"] == "DENY"  # for browsers that know no policy
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_cookies_go_over_https_alone_and_no_script_reads_them(client: Client) -> None:
    user = make_user()

    client.get("/accounts/login/", secure=True)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, secure=True)

    assert {
        name: (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"])
        for name, cookie in client.cookies.items()
        if name.startswith("__Host-")
    } == dict.fromkeys(["__Host-csrf", "__Host-session"], (True, True, "Lax"))
