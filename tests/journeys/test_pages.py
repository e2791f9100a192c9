"""Every page of the running panel with things on it: for people who cannot see, in light and dark,
under the CSP.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Page, ViewportSize

from tests.accessibility import sideways, violations
from tests.journeys.conftest import ADMIN, STAFF, Shop
from tests.panel.test_roles import PAGES
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 320, "height": 640}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
CUSTOMER = "pages@journey.example"
VISITORS = [
    "/",
    "/services",
    "/api",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]
CUSTOMERS = [
    "/order",
    "/order?service={service}",
    "/orders",
    "/orders/{order}",
    "/orders/{order}/cancel",
    "/wallet",
]
CUSTOMERS += [
    "/orders/mass",
    "/api",
    "/webhooks",
    "/webhooks/{webhook}",
    "/webhooks/{webhook}/remove",
]
CUSTOMERS += ["/account", "/account/keys/{key}/rotate", "/account/keys/{key}/revoke"]
CUSTOMERS += ["/accounts/email/", "/accounts/password/change/", "/accounts/logout/"]
STAFFS = [
    "/staff/unclear",
    "/staff/orders",
    "/staff/orders/{order}",
    "/staff/refills",
    "/staff/cancels",
]
STAFFS += [
    "/staff/cancels?tab=rejected",
    "/staff/proof",
    "/staff/providers",
    "/staff/providers/{provider}",
]
ADMINS = [
    "/admin/providers",
    "/admin/providers/new",
    "/admin/providers/{provider}",
    "/admin/margins",
]
ADMINS += [
    "/admin/users",
    "/admin/users/{user}",
    "/admin/users/{user}/password",
    "/admin/groups",
    "/admin/groups/new",
    "/admin/groups/{group}",
]
ADMINS += ["/admin/adjustments/{adjustment}/agree"]
ADMINS += ["/admin/syncs", "/admin/syncs/{sync}", "/admin/services", "/admin/services/{service}"]
ADMINS += ["/admin/types", "/admin/statuses", "/admin/categories/{category}"]
ADMINS += ["/admin/links", "/admin/links/{link}"]
# What tests/browser judges on a phone and a laptop, with longer and worse words than here: axe need
# not read it again.
JUDGED = {
    "home",
    "services",
    "order_new",
    "orders",
    "order",
    "order_cancel",
    "order_mass",
    "webhooks",
    "webhook",
}
JUDGED |= {
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_email",
    "account_change_password",
}
JUDGED |= {
    "account_logout",
    "admin_providers",
    "admin_provider_new",
    "admin_provider",
    "admin_syncs",
    "admin_sync",
}
JUDGED |= {"admin_services", "admin_service", "admin_category", "admin_margins", "admin_types"}
KEYS = """
from decimal import Decimal
from uuid import uuid4
from django.utils import timezone
from accounts.api_keys import issue_key
from accounts.models import CustomerGroup
from billing.adjustments import propose
from billing.models import AdjustmentKind
from catalog.models import LinkRule, SyncRun
from orders.models import Order, WebhookType
from orders.webhooks.endpoints import add_endpoint
now = timezone.now()
order = Order.objects.filter(user__email=%r).order_by("-pk")[0]
issue_key(user=order.user, name="My shop", now=now)
hook, _ = add_endpoint(user=order.user, url="http://127.0.0.1:9/hook", events=WebhookType.values, now=now)
group = CustomerGroup.objects.create(name="Large", requests_per_minute=3000, orders_per_minute=600)
print(order.pk, order.user_id, order.provider_id, order.service.category_id, SyncRun.objects.order_by("pk")[0].pk)
proposal, _ = propose(kind=AdjustmentKind.TOP_UP, customer=order.user, amount=Decimal(500), act_id=uuid4(),
                      actor=order.user, reason="Bank transfer", now=now)
rule = LinkRule.objects.create(service=order.service, updated_at=now)
print(order.user.api_keys.get().pk, hook.pk, group.pk, proposal.pk, rule.pk)
"""
NAMES = (
    "order",
    "user",
    "provider",
    "category",
    "sync",
    "key",
    "webhook",
    "group",
    "adjustment",
    "link",
)


@pytest.fixture(scope="module")
def keys(shop: Shop) -> dict[str, str]:
    """What the addresses name: an unclear order among it, so that staff have something to
    decide.
    """
    shop.create_user(CUSTOMER, balance=Decimal(50))
    place = (
        "from django.utils import timezone; from accounts.models import User; from catalog.models import Service;"
        "from orders.placing.place_order import place_order;"
        f"place_order(customer=User.objects.get(email='{CUSTOMER}'), service=Service.objects.get(pk={shop.service}),"
        "values={'link': 'https://example.com/%s#fate=slow', 'quantity': '700'}, now=timezone.now())"
    )
    shop.provider.fault("add", "nocommit_http502", times=1)
    shop.stack.ask(place % "unclear")
    wait_for(lambda: shop.provider.faults()[-1]["struck"] == 1)
    shop.stack.ask(place % "running")
    wait_for(lambda: any("/running" in each.link for each in shop.provider.placed()))
    return {
        **dict(zip(NAMES, shop.stack.ask(KEYS % CUSTOMER).split(), strict=True)),
        "service": shop.service,
    }


def test_no_page_is_left_out() -> None:
    anything = dict.fromkeys([*NAMES, "service"], "1")
    paths = [urlsplit(path.format(**anything)).path for path in CUSTOMERS + STAFFS + ADMINS]

    # rows for the page of orders, and questions that are asked by posting a form
    parts = {"orders_live", "admin_margin_remove", "admin_provider_rate", "admin_provider_currency"}
    assert set().union(*PAGES.values()) - {resolve(path).url_name for path in paths} == parts


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
    page.set_viewport_size(PHONE)
    yield from sideways(page)
    page.set_viewport_size(LAPTOP)
    if resolve(urlsplit(address).path).url_name in JUDGED:
        return
    for fault in violations(page):
        if fault["impact"] in {"serious", "critical"}:
            yield f"{address}: {fault['id']}: {fault['html']}"
