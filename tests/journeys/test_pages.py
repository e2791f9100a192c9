"""Every page of the running panel with things on it: for people who cannot see, in light and dark, under the CSP."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import ADMIN, STAFF, Shop, wait_for
from tests.looking import violations

pytestmark = pytest.mark.browser

CUSTOMER = "pages@journey.example"
VISITORS = ["/", "/services", "/api", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
CUSTOMERS = ["/order", "/order?service={service}", "/orders", "/orders/{order}", "/orders/{order}/cancel", "/wallet"]
CUSTOMERS += ["/api", "/account", "/accounts/email/", "/accounts/password/change/", "/accounts/logout/"]
STAFFS = ["/staff/unclear", "/staff/orders", "/staff/orders/{order}", "/staff/refills", "/staff/cancels"]
STAFFS += ["/staff/cancels?tab=rejected", "/staff/proof", "/staff/providers/{provider}"]
ADMINS = ["/admin/providers", "/admin/providers/new", "/admin/providers/{provider}", "/admin/margins"]
ADMINS += ["/admin/users", "/admin/users/{user}", "/admin/syncs", "/admin/syncs/{sync}", "/admin/services"]
ADMINS += ["/admin/services/{service}", "/admin/categories/{category}"]
KEYS = """
from catalog.models import SyncRun
from orders.models import Order
order = Order.objects.filter(user__email=%r).order_by("-pk")[0]
print(order.pk, order.user_id, order.provider_id, order.service.category_id, SyncRun.objects.order_by("pk")[0].pk)
"""


@pytest.fixture(scope="module")
def keys(shop: Shop) -> dict[str, str]:
    """What the addresses name: an unclear order among it, so that staff have something to decide."""
    shop.enrol(CUSTOMER, balance=Decimal(50))
    place = (
        "from django.utils import timezone; from accounts.models import User; from catalog.models import Service;"
        "from orders.placing import place_order;"
        f"place_order(customer=User.objects.get(email='{CUSTOMER}'), service=Service.objects.get(pk={shop.service}),"
        "values={'link': 'https://example.com/%s#fate=slow', 'quantity': '700'}, now=timezone.now())"
    )
    shop.provider.fault("add", "nocommit_http502", times=1)
    shop.ask(place % "unclear")
    wait_for(lambda: shop.provider.faults()[-1]["struck"] == 1)
    shop.ask(place % "running")
    wait_for(lambda: any("/running" in each.link for each in shop.provider.placed()))
    names = ("order", "user", "provider", "category", "sync")
    return {**dict(zip(names, shop.ask(KEYS % CUSTOMER).split(), strict=True)), "service": shop.service}


def test_every_page_is_accessible_and_keeps_to_the_csp(
    visit: Callable[..., Page], shop: Shop, keys: dict[str, str]
) -> None:
    found: list[str] = []
    for email, paths in ((None, VISITORS), (CUSTOMER, CUSTOMERS), (STAFF, STAFFS), (ADMIN, ADMINS)):
        page = visit()
        if email:
            shop.log_in(page, email)
        for path in paths:
            found += faults(page, shop.url + path.format(**keys))

    assert found == []


def faults(page: Page, address: str) -> Iterator[str]:
    """What keeps somebody from using the page at that address."""
    answer = page.goto(address)
    assert answer is not None
    if answer.status != 200:
        yield f"{address} answers {answer.status}"
    if "script-src 'self'" not in answer.headers.get("content-security-policy", ""):
        yield f"{address} has no strict CSP"
    for fault in violations(page):
        if fault["impact"] in {"serious", "critical"}:
            yield f"{address}: {fault['id']}: {fault['nodes'][0]['html']}"
