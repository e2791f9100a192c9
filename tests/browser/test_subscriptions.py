"""Subscriptions in a real browser: the form with its day to choose, the order's page, on a phone
and by any eyes.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role
from catalog.models import Service
from orders.models import Order, Status, Subscription, Watch
from orders.tracking.charge_posts import charge_posts
from tests.accessibility import faults, faults_at_every_width
from tests.browser_login import log_in
from tests.factories import NOW, make_service, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_subscription_is_ordered_on_a_phone_and_its_posts_are_shown(
    page: Page, live_server: LiveServer
) -> None:
    user = make_user(balance="2")
    service = make_service(
        type="Subscriptions", cost="0.50", price="0.80", min_quantity=2, name="Likes for new posts"
    )
    log_in(page, live_server.url, user)
    page.goto(f"{live_server.url}/order?service={service.pk}")
    page.set_viewport_size({"width": 1280, "height": 900})
    shoot(page, "form-1280")
    page.set_viewport_size({"width": 320, "height": 700})
    shoot(page, "form-320")
    found = faults(page)

    expect(page.locator("[data-charge]")).to_have_text("$0.80")
    expect(page.locator("[data-balance-after]")).to_have_text("$1.20")
    page.get_by_label("Username").fill("@someone")
    page.get_by_label("Minimum per post").fill("10")
    page.get_by_label("Maximum per post").fill("20")
    page.get_by_label("Expiry").fill("2099-12-31")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url("**/orders/*")
    order = Order.objects.get()
    Order.objects.update(
        status=Status.RUNNING, upstream_id="7", upstream_status="In progress", running_at=NOW
    )
    Watch.objects.create(order=order, provider=order.provider, due_at=NOW)
    Subscription.objects.update(state="Active", owed=3)
    charge_posts(order_id=order.pk, now=NOW)
    page.reload()

    expect(page.get_by_text("1 post delivered but not paid")).to_be_visible()
    found += faults(page)
    shoot(page, "order-320")
    page.set_viewport_size({"width": 1280, "height": 900})
    shoot(page, "order-1280")
    assert order.fields["expiry"] == "31/12/2099"
    assert found == []


def test_the_page_of_types_is_fit_for_any_eyes_and_screen(
    page: Page, live_server: LiveServer
) -> None:
    service = make_service(type="Default Custom")
    Service.objects.filter(pk=service.pk).update(is_sellable=False)
    log_in(page, live_server.url, make_user(role=Role.ADMIN))
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{live_server.url}/admin/types")
    page.get_by_label("Sold as").select_option("Default")
    found = faults_at_every_width(page)
    shoot(page, "types-320")

    page.get_by_role("button", name="Map type").click()

    expect(page.get_by_role("button", name="Revert Default Custom")).to_be_visible()
    assert [*found, *faults(page)] == []
    page.set_viewport_size({"width": 1280, "height": 900})
    shoot(page, "types-1280")
