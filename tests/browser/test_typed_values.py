"""What was typed stays: after Back, after a log-in in another tab, under the mouse's wheel."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from orders.models import Order
from tests.browser_login import log_in
from tests.factories import PASSWORD, make_service, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINK = "https://example.com/page"


@pytest.fixture
def user() -> User:
    return make_user(balance="1000")


@pytest.fixture
def order_page(page: Page, live_server: LiveServer, user: User) -> Page:
    """The form of a new order, filled in."""
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={make_service(is_dripfeed=True).pk}")
    page.get_by_label("Link").fill(LINK)
    page.get_by_label("Quantity").fill("1,000")
    return page


def order_button(page: Page) -> None:
    page.get_by_role("button", name="Order", exact=True).click()


def test_back_after_ordering_keeps_what_was_typed(order_page: Page) -> None:
    order_button(order_page)
    order_page.wait_for_url(re.compile(r"/orders/\d+$"))

    order_page.go_back()

    expect(order_page.get_by_label("Link")).to_have_value(LINK)
    expect(order_page.get_by_label("Quantity")).to_have_value("1,000")
    order_page.get_by_label("Link").fill(f"{LINK}/2")
    order_button(order_page)
    expect(order_page.locator("main")).to_contain_text("Order again to place another one")
    order_button(order_page)
    order_page.wait_for_url(re.compile(r"/orders/\d+$"))
    assert set(Order.objects.values_list("link", "quantity")) == {
        (LINK, 1000),
        (f"{LINK}/2", 1000),
    }


def test_log_in_in_another_tab_keeps_what_was_typed(
    order_page: Page, live_server: LiveServer, user: User
) -> None:
    other = order_page.context.new_page()
    other.goto(f"{live_server.url}/accounts/logout/")
    other.get_by_role("button", name="Log out").last.click()
    other.goto(f"{live_server.url}/accounts/login/")
    other.get_by_label("Email").fill(user.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Log in").last.click()
    other.wait_for_url(re.compile(r"/order$"))

    order_button(order_page)
    order_page.get_by_role("button", name="Continue with what you typed").click()

    expect(order_page.get_by_label("Link")).to_have_value(LINK)
    assert not Order.objects.exists()
    order_button(order_page)
    order_page.wait_for_url(re.compile(r"/orders/\d+$"))
    assert Order.objects.get().quantity == 1000


def test_wheel_changes_no_number(order_page: Page) -> None:
    quantity = order_page.get_by_label("Quantity")
    quantity.focus()
    quantity.hover()

    order_page.mouse.wheel(0, 300)
    order_page.keyboard.press("ArrowUp")

    expect(quantity).to_have_value("1,000")
    expect(order_page.locator("input[type=number]")).to_have_count(0)
