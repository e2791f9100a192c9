"""The pages of webhooks in a real browser: on every screen, with a log that fills itself."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from orders.models import WebhookEndpoint
from orders.webhooks.endpoints import switch_off
from orders.webhooks.sweep import deliver_due
from tests.accessibility import faults_at_every_width
from tests.browser_login import log_in
from tests.factories import NOW, make_user
from tests.orders.webhooks.endpoints import make_delivery, make_endpoint
from tests.orders.webhooks.receiver import Receiver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_secret_test_and_answer_without_a_reload(page: Page, live_server: LiveServer) -> None:
    log_in(page, live_server.url, make_user())
    with Receiver(status=500, body=b"<b>bold</b>") as receiver:
        page.goto(f"{live_server.url}/webhooks")
        page.get_by_label("URL").fill(receiver.url)
        page.get_by_label("Order accepted").uncheck()
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#new-secret")).to_contain_text("whsec_")
        page.get_by_role("button", name="Send a test").click()
        expect(page.locator("#webhook-log")).to_contain_text("Waiting")

        deliver_due()

        expect(page.locator("#webhook-log")).to_contain_text("Failed")
    page.locator("#webhook-log summary").click()
    expect(page.locator("#webhook-log pre")).to_have_text("<b>bold</b>")
    assert "order.accepted" not in WebhookEndpoint.objects.get().events


def test_pages_are_accessible_and_fit(page: Page, live_server: LiveServer) -> None:
    user = make_user()
    with Receiver(status=500, body=b"x" * 500) as receiver:
        failing = make_endpoint(user=user, url=receiver.url + "&long=" + "x" * 300)
        make_delivery(failing, order_id=23501)
        deliver_due()
    off = make_endpoint(user=user)
    make_delivery(off)
    switch_off(endpoint=off, now=NOW, reason="Nothing was delivered for three days.")
    log_in(page, live_server.url, user)

    found = []
    for path in ("", f"/{failing.pk}", f"/{off.pk}"):
        page.goto(f"{live_server.url}/webhooks{path}")
        found += faults_at_every_width(page)

    assert found == []
