"""The catalog's pages in a real browser: a hostile catalog, narrow and wide, searching as one
types.
"""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import ExchangeRate, MarginRule, Provider, Service, SyncRun
from catalog.prices.set_margin import set_margin
from catalog.sync.sync import sync_provider
from tests.accessibility import faults_at_every_width
from tests.browser.test_frame import log_in
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_provider, make_service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROW = {
    "service": 1,
    "name": "Followers",
    "category": "Network",
    "rate": "0.90",
    "min": 50,
    "max": 10_000,
}
HOSTILE = [
    {
        **ROW,
        "service": 1,
        "name": "<script>alert(1)</script>",
        "category": "<img src=x onerror=alert(2)>",
    },
    {
        **ROW,
        "service": 2,
        "name": '" onmouseover="alert(3)',
        "description": "</details><script>alert(4)</script>",
    },
    {
        **ROW,
        "service": 3,
        "name": "&lt;svg onload=alert(5)&gt;",
        "description": "javascript:alert(6)",
    },
    {**ROW, "service": 4, "name": "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd " + "W" * 400},
    {
        **ROW,
        "service": 5,
        "name": "{{ 7 }}{% now %}",
        "type": "Package",
        "average_time": "<b>soon</b>",
    },
]


@pytest.fixture
def run(double: ProviderDouble) -> SyncRun:
    """A sync of a hostile catalog, and a second one that moved a name."""
    double.set_services(HOSTILE)
    provider = connect(double, name="<i>Acme</i>")
    sync_provider(provider_id=provider.pk, now=NOW)
    double.patch_service(2, name="<script>alert(7)</script>", rate="9")
    return sync_provider(provider_id=provider.pk, now=NOW)


def test_a_hostile_catalog_runs_nothing_and_every_page_fits(
    page: Page, live_server: LiveServer, run: SyncRun
) -> None:  # pitfall 31
    service = Service.objects.get(upstream_id="2")
    rule = MarginRule.objects.get()
    own = set_margin(
        target=run.provider, percent=Decimal(60), fixed=Decimal(0), actor=None, now=NOW
    )
    euro = make_service(provider=make_provider(currency="EUR")).provider
    ExchangeRate.objects.create(currency="EUR", rate=1)
    Provider.objects.filter(pk=euro.pk).update(
        other_currency="<I>CREDITS", contact="unreachable", contact_text="no connection: refused"
    )
    paths = [
        "/services",
        "/admin/providers",
        "/admin/providers/new",
        f"/admin/providers/{run.provider_id}",
    ]
    paths += [
        "/admin/syncs",
        f"/admin/syncs/{run.pk}",
        "/admin/services",
        f"/admin/services/{service.pk}",
    ]
    paths += [
        "/admin/services?state=review",
        f"/admin/categories/{service.category_id}",
        "/admin/margins",
        f"/admin/providers/{euro.pk}/exchange-rate?rate=2",
        f"/admin/providers/{euro.pk}/currency",
        f"/admin/margins/{own.pk}/remove",
    ]
    paths += [f"/admin/margins?scope={rule.scope}&percent=60&fixed=0"]
    found = []
    page.goto(f"{live_server.url}/services")
    found += faults_at_every_width(page)
    log_in(page, live_server.url)
    for path in paths:
        page.goto(live_server.url + path)
        for summary in page.locator("summary").all():
            summary.click()
        found += faults_at_every_width(page)

    assert found == []


def test_services_are_found_while_one_types(
    page: Page, live_server: LiveServer, double: ProviderDouble
) -> None:
    double.set_services([{**ROW, "name": "Likes"}, {**ROW, "service": 2, "name": "Views"}])
    sync_provider(provider_id=connect(double).pk, now=NOW)
    page.goto(f"{live_server.url}/services")

    page.get_by_label("Search", exact=True).press_sequentially("vie")

    expect(page.get_by_text("Likes")).to_have_count(0)
    expect(page.get_by_text("Views")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/services?q=vie&category=")


def test_a_margin_is_previewed_and_applied_by_clicking(
    page: Page, live_server: LiveServer, run: SyncRun
) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/margins")

    page.get_by_label("Percent").fill("100")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="5 of 5 prices would change")).to_be_visible()
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("Prices are updated")).to_be_visible()
    assert {service.price / service.cost for service in Service.objects.all()} == {2}
