"""Ordering with nothing but HTML, on the narrowest phone: no script, 320 pixels."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.journeys.conftest import Shop, expect_status
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

NARROW: ViewportSize = {"width": 320, "height": 640}
CUSTOMER = "plain@journey.example"


def test_ordering_needs_no_script_and_no_width(visit: Callable[..., Page], shop: Shop) -> None:
    shop.create_user(CUSTOMER, balance=Decimal(5))
    page = visit(java_script_enabled=False, viewport=NARROW)
    shop.log_in(page, CUSTOMER)
    fits(page)

    page.get_by_label("Search").fill("followers")
    page.get_by_label("Service", exact=True).select_option(shop.service)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_label("Link").fill("https://example.com/plain#fate=partial:50")
    page.get_by_label("Quantity").fill("1000")
    fits(page)
    page.get_by_role("button", name="Show charge").click()
    expect(page.locator("[data-charge]")).to_have_text("$2.50")
    fits(page)
    page.get_by_role("button", name="Order", exact=True).click()

    page.wait_for_url(re.compile(r"/orders/\d+$"))
    number = int(page.url.rsplit("/", 1)[1])
    fits(page)
    wait_for(
        lambda: any(
            each.link.startswith("https://example.com/plain") for each in shop.provider.placed()
        )
    )
    shop.provider.advance(3600)
    expect_status(page, shop, number, "Partial")
    fits(page)
    page.get_by_role("button", name="Refill").click()
    expect(page.get_by_role("region", name="Refills")).to_contain_text("Requested")
    page.goto(f"{shop.url}/orders?q=plain")
    expect(page.get_by_role("link", name=str(number), exact=True)).to_be_visible()
    fits(page)


def test_an_order_beyond_the_balance_says_so_and_charges_nothing(
    visit: Callable[..., Page], shop: Shop
) -> None:
    shop.create_user("poor@journey.example", balance=Decimal(5))
    page = visit(java_script_enabled=False, viewport=NARROW)
    shop.log_in(page, "poor@journey.example")

    page.goto(f"{shop.url}/order?service={shop.service}")
    page.get_by_label("Link").fill("https://example.com/poor")
    page.get_by_label("Quantity").fill("10000")
    page.get_by_role("button", name="Order", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("balance")
    expect(page.get_by_label("Quantity")).to_have_value("10000")
    fits(page)
    page.goto(f"{shop.url}/wallet")
    expect(page.get_by_role("main")).to_contain_text("$5.00")
    assert not [each for each in shop.provider.placed() if each.link == "https://example.com/poor"]


def fits(page: Page) -> None:
    """Nothing makes the page wider than the phone."""
    page.wait_for_load_state()  # a click has led to the page's address before there is a page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
