"""A mass order in a real browser: the check follows the typing, and all of it works without a
script at 320 pixels.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.models import Account
from orders.models import Order
from tests.accessibility import faults, faults_at_every_width
from tests.browser_login import log_in
from tests.factories import make_order, make_service, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def user() -> User:
    return make_user(balance="1234.50")


def lines_of_every_kind(user: User) -> str:
    """Ready, wrong, repeated and too dear, with words that are too long for any page."""
    service = make_service(
        name="Followers | Max 100K | 😀 " + "x" * 120, price="1", max_quantity=10**9
    )
    make_order(user=user, service=service, link="@running")
    lines = [
        f"{service.pk} | https://example.com/{'a' * 200} | 1000",
        f"{service.pk} | @running | 1000",
        f"{service.pk} | @dear | 999999999",
        f"{service.pk} | @b",
        "y" * 150 + ' | "><script>alert(1)</script> | 5',
    ]
    return "\n".join(lines)


def test_the_check_follows_the_typing_and_a_click_orders_what_is_ready(
    page: Page, live_server: LiveServer, user: User
) -> None:
    text = lines_of_every_kind(user)
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/orders/mass")

    found = faults(page)
    page.get_by_label("Orders").fill(text)
    expect(page.get_by_role("heading", name="1 of 5 lines ready")).to_be_visible()
    found += faults_at_every_width(page)
    page.get_by_role("button", name="Order 1 line").dblclick()
    expect(page.get_by_role("heading", name="1 of 5 lines ordered")).to_be_visible()
    found += faults(page)

    assert found == []
    expect(page.get_by_label("Orders")).to_have_value(text.partition("\n")[2])
    assert Order.objects.filter(client_key__startswith="mass:").count() == 1
    assert Account.objects.get(owner=user).balance == Decimal("1232.50")


def test_a_phone_without_a_script_checks_and_orders(
    live_server: LiveServer, user: User, new_context: Callable[..., BrowserContext]
) -> None:
    text = lines_of_every_kind(user)
    options = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
    page = new_context(java_script_enabled=False, **options).new_page()
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/orders/mass")

    page.get_by_label("Orders").fill(text)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="1 of 5 lines ready")).to_be_visible()
    widths = [page.evaluate("document.documentElement.scrollWidth")]
    page.get_by_role("button", name="Order 2 including duplicates").click()
    expect(page.get_by_role("heading", name="2 of 5 lines ordered")).to_be_visible()
    widths += [page.evaluate("document.documentElement.scrollWidth")]

    assert widths == [320, 320]
    assert Order.objects.filter(client_key__startswith="mass:").count() == 2
