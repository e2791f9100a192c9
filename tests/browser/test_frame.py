"""The frame and the account pages in a real browser: narrow, dark, by keyboard, without a
script.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role
from tests import browser_login
from tests.accessibility import faults_at_every_width
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE: ViewportSize = {"width": 320, "height": 700}
VISITOR_PAGES = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/no/such/page",
]
USER_PAGES = [
    "/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/no/such/page",
]


def log_in(page: Page, site: str, *, role: Role = Role.ADMIN) -> None:
    """Let a new user in."""
    browser_login.log_in(page, site, make_user(role=role, balance="1234.50"))


def test_every_page_is_accessible_and_fits(page: Page, live_server: LiveServer) -> None:
    found = []
    for path in VISITOR_PAGES:
        page.goto(live_server.url + path)
        found += faults_at_every_width(page)
    log_in(page, live_server.url)
    for path in USER_PAGES:
        page.goto(live_server.url + path)
        found += faults_at_every_width(page)

    assert found == []


def test_on_a_phone_the_menu_opens_without_a_script(
    live_server: LiveServer, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(java_script_enabled=False, viewport=PHONE).new_page()
    log_in(page, live_server.url)
    menu = page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()

    page.get_by_role("button", name="Menu", exact=True).click()

    expect(menu.get_by_role("link", name="Wallet")).to_be_visible()
    page.get_by_role("button", name="Close menu").click()
    expect(menu).to_be_hidden()


def test_the_balance_is_seen_on_a_phone(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size(PHONE)
    log_in(page, live_server.url)

    expect(page.get_by_role("link", name="Balance $1,234.50 (add funds)")).to_be_in_viewport(
        ratio=1
    )


def test_the_chosen_theme_stays(page: Page, live_server: LiveServer) -> None:
    page.emulate_media(color_scheme="light")
    log_in(page, live_server.url)
    html = page.locator("html")
    expect(html).to_have_css("color-scheme", "light dark")

    page.get_by_role("button", name="Light or dark").click()

    expect(html).to_have_class("dark")
    page.reload()
    expect(html).to_have_class("dark")
    expect(html).to_have_css("color-scheme", "dark")


def test_the_keyboard_skips_to_the_page_and_finds_the_search(
    page: Page, live_server: LiveServer
) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/email/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("ControlOrMeta+k")

    expect(page.get_by_role("searchbox", name="Find a service")).to_be_focused()


def test_a_failed_refresh_says_so_and_leaves_the_page(
    page: Page, live_server: LiveServer, incidents: list[str]
) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/accounts/email/")

    page.evaluate("htmx.ajax('GET', '/no/such/page', 'main')")

    expect(page.get_by_role("status")).to_have_text(
        "Something went wrong. Check your connection and try again."
    )
    expect(page.get_by_role("heading", name="Your e-mail address")).to_be_visible()
    page.evaluate("htmx.ajax('GET', '/account', {target: 'h1', select: 'h1'})")
    expect(page.get_by_role("status")).to_have_text("")
    assert [incident for incident in incidents if "/no/such/page" not in incident] == []
    incidents.clear()


def test_the_page_may_run_no_text_as_a_script(
    page: Page, live_server: LiveServer, incidents: list[str]
) -> None:
    page.goto(live_server.url)

    config = page.evaluate(
        "[htmx.version.split('.')[0], htmx.config.allowEval, htmx.config.includeIndicatorStyles]"
    )

    assert config == ["2", False, False]
    assert incidents == []


def test_a_form_is_sent_once_by_a_double_click(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill(PASSWORD)

    page.get_by_role("main").get_by_role("button", name="Log in").dblclick()

    expect(page.get_by_role("alert")).to_be_visible()
    assert sent == [f"{live_server.url}/accounts/login/"]
    page.close()
