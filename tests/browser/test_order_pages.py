"""Ordering in a real browser: the live charge, the live search, the warning, the pages that refresh
themselves.
"""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from lib.decimals import plain
from orders.lifecycle.end import complete, end_partially
from orders.models import EventKind, Order, Status
from tests.accessibility import faults_at_every_width
from tests.browser_login import enter, log_in
from tests.factories import NOW, make_category, make_order, make_service, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINK = "https://example.com/page"


@pytest.fixture
def user() -> User:
    return make_user(balance="1234.50")


@pytest.mark.parametrize(
    ("type_name", "fields", "charge"),
    [
        ("Default", {"Quantity": "1234"}, "1.52346"),
        ("Default", {"Quantity": "999", "Runs": "3", "Interval": "30"}, "3.70"),
        ("Custom Comments", {"Comments": "one\n\n two \nthree\n"}, "0.00371"),
        ("Package", {}, "1.23457"),
    ],
)
def test_live_charge_is_the_charge_booked(
    page: Page,
    live_server: LiveServer,
    user: User,
    type_name: str,
    fields: dict[str, str],
    charge: str,
) -> None:
    service = make_service(
        type=type_name, price="1.23456789", min_quantity=1, is_dripfeed="Runs" in fields
    )
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={service.pk}")

    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    left = Decimal("1234.50") - Decimal(charge)
    expect(page.locator("[data-charge]")).to_have_text(f"${charge}")
    expect(page.locator("[data-balance-after]")).to_have_text(f"${plain(left)}")
    expect(page.locator("[data-short]")).not_to_be_visible()
    page.get_by_label("Link").fill(LINK)
    page.get_by_role("button", name="Order", exact=True).click()
    page.wait_for_url(re.compile(r"/orders/\d+$"))

    assert Order.objects.get().charge == Decimal(charge)
    assert Account.objects.get(owner=user).balance == left


def test_charge_that_the_balance_does_not_cover_moves_nothing_on_the_page(
    page: Page, live_server: LiveServer, user: User
) -> None:
    service = make_service(price="2000")
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={service.pk}")
    button = page.get_by_role("button", name="Order", exact=True)
    place = button.bounding_box()

    page.get_by_label("Quantity").fill("1000")

    expect(page.locator("[data-short]")).to_be_visible()
    expect(page.locator("[data-balance-after]")).to_have_text("−$765.50")
    assert button.bounding_box() == place


def test_newest_charge_wins(
    page: Page, live_server: LiveServer, user: User, incidents: list[str]
) -> None:
    service = make_service(price="1.20")
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={service.pk}")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/order/charge", hold, times=1)  # the first question gets no answer
    with page.expect_request("**/order/charge"):
        page.get_by_label("Quantity").fill("1000")
    with page.expect_event("requestfailed") as failed:
        page.get_by_label("Quantity").fill("2000")

    assert failed.value.url == held[0].request.url
    expect(page.locator("[data-charge]")).to_have_text("$2.40")
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    assert [each for each in incidents if "htmx:" not in each] == []  # htmx logs what it aborts
    incidents.clear()


def test_service_is_found_as_one_types_and_ordered_by_the_keyboard(
    page: Page, live_server: LiveServer, user: User
) -> None:
    make_service(name="Views", category=make_category(name="Videos"))
    likes = make_service(
        name="Likes, the fast ones", category=make_category(name="Photos"), price="0.90"
    )
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order")

    page.get_by_label("Search").press_sequentially("fast likes", delay=20)
    services = page.get_by_label("Service", exact=True)
    # the last answer, however many were asked for while one typed: it takes with it what was chosen
    # before
    expect(page).to_have_url(re.compile(r"q=fast(\+|%20)likes"))
    expect(services.locator("option")).to_have_count(2)
    expect(page.get_by_label("Search")).to_have_value("fast likes")
    expect(services).to_have_value(str(likes.pk))  # the only match is chosen
    page.get_by_label("Link").fill(LINK)
    page.get_by_label("Quantity").fill("1000")
    expect(page.locator("[data-charge]")).to_have_text("$0.90")
    page.get_by_label("Quantity").press("Control+Enter")

    page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(page.get_by_role("status")).to_contain_text("placed for 0.90 USD")
    assert Order.objects.get().service == likes


def test_everything_works_without_a_script(
    live_server: LiveServer, user: User, new_context: Callable[..., BrowserContext]
) -> None:
    service = make_service(name="Likes", price="0.90")
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order")

    page.get_by_label("Search").fill("likes")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**q=likes**")
    page.get_by_label("Service", exact=True).select_option(str(service.pk))
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_label("Link").fill(LINK)
    page.get_by_label("Quantity").fill("1000")
    page.get_by_role("button", name="Show charge").click()
    expect(page.locator("[data-charge]")).to_have_text("$0.90")
    expect(page.locator("[data-balance-after]")).to_have_text("$1,233.60")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("heading", name="Order ", level=1)).to_be_visible()
    page.get_by_role("link", name="Cancel order").click()
    page.get_by_role("button", name="Cancel order").click()

    expect(page.get_by_role("status")).to_contain_text("canceled and refunded")
    assert Account.objects.get(owner=user).balance == Decimal("1234.50")


def test_double_click_is_one_order(page: Page, live_server: LiveServer, user: User) -> None:
    service = make_service(price="0.90")
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={service.pk}")
    page.get_by_label("Link").fill(LINK)
    page.get_by_label("Quantity").fill("1000")

    page.get_by_role("button", name="Order", exact=True).dblclick()
    page.wait_for_url(re.compile(r"/orders/\d+$"))

    assert Order.objects.count() == 1


def test_lists_and_pages_follow_an_order_by_themselves(
    page: Page, live_server: LiveServer, user: User
) -> None:
    order = make_order(user=user, service=make_service(), status=Status.RUNNING)
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/orders")
    row = page.locator(f"#order-{order.pk}")
    expect(row).to_contain_text("Pending")

    Order.objects.update(upstream_status="In progress", start_count=1200, remains=400)
    _refresh(page)
    expect(row).to_contain_text("In progress")
    expect(row).to_contain_text("1,200")
    complete(order=Order.objects.get(), now=NOW)
    _refresh(page)
    expect(row).to_contain_text("Completed")
    expect(page.locator("#orders-poll")).not_to_have_attribute("hx-get", re.compile("."))


def _refresh(page: Page) -> None:
    """Ask for news as the page's clock does.

    A poll that was just swapped in listens only after htmx has settled it.
    """
    page.locator("#orders-poll:not(.htmx-added)").dispatch_event("refresh")


def test_order_page_follows_its_order(page: Page, live_server: LiveServer, user: User) -> None:
    order = make_order(user=user, status=Status.RUNNING)
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/orders/{order.pk}")

    end_partially(order=order, undelivered=400, now=NOW)
    page.locator("#order").dispatch_event("refresh")

    expect(page.locator("#order")).to_contain_text("600 of 1,000 delivered")
    expect(page.locator("#order")).to_contain_text("1.20000 × 400 / 1,000 = 0.48000")


def test_pages_are_accessible_and_fit(page: Page, live_server: LiveServer, user: User) -> None:
    paths = _paths(user)
    enter(page, live_server.url, user)
    found = []
    for path in paths:
        page.goto(live_server.url + path)
        found += faults_at_every_width(page)

    assert found == []


def _paths(user: User) -> list[str]:
    """Pages with long words, hostile text and every button."""
    service = make_service(
        name="Followers | Max 100K | 😀 " + "x" * 120,
        is_refill=True,
        is_cancel=True,
        is_dripfeed=True,
        price="1.20",
    )
    Service.objects.update(
        upstream_description="Start: 1 h\nSpeed: " + "fast" * 60, average_time="2 hours"
    )
    link = "https://example.com/" + "a" * 300
    waiting = make_order(user=user, service=service, link=link)
    running = make_order(user=user, service=service, link=link, status=Status.RUNNING)
    completed = make_order(
        user=user, service=service, link='"><script>alert(1)</script>', status=Status.COMPLETED
    )
    end_partially(order=running, undelivered=400, now=NOW)
    completed.record(kind=EventKind.STATUS, text="Now " + "y" * 400, now=NOW)
    return [
        "/order",
        "/order?q=nothing",
        f"/order?service={service.pk}",
        "/orders",
        "/orders?tab=canceled",
        f"/orders/{waiting.pk}",
        f"/orders/{waiting.pk}/cancel",
        f"/orders/{running.pk}",
        f"/orders/{completed.pk}",
    ]
