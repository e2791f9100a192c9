"""THE journey: from signing up to a partial refund, a refill, a cancellation and a doubt, on real
workers.
"""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import (
    ADMIN,
    PASSWORD,
    STAFF,
    Shop,
    expect_status,
    reload_until,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

CUSTOMER = "ada@journey.example"
END = 3600  # provider seconds after which an order of the usual kind has ended
OURS = """
import json
from orders.models import Order
rows = Order.objects.filter(user__email=%r).order_by("pk").values_list("upstream_id", "link", "status")
print(json.dumps(list(rows)))
"""


def test_from_signing_up_to_the_last_refund(
    page: Page, visit: Callable[..., Page], shop: Shop
) -> None:
    desk = visit()
    sign_up(page, shop)
    top_up(visit(), shop, amount="20.00")
    shop.log_in(desk, STAFF)

    partial = order(
        page, shop, link="https://example.com/p/1#fate=partial:40", balance_after="$17.50"
    )
    follow_to_partial(page, shop, partial)
    completed = order(page, shop, link="https://example.com/p/2", balance_after="$16.00")
    refill(page, desk, shop, completed)
    canceled = order(page, shop, link="https://example.com/p/3", balance_after="$13.50")
    cancel(page, desk, shop, canceled)
    unclear = lose_the_answer(page, shop, link="https://example.com/p/4")
    attach(page, desk, shop, unclear)

    shop.stack.audit()
    ours = json.loads(shop.stack.ask(OURS % CUSTOMER))
    placed = [[str(each.order), each.link, each.status.lower()] for each in shop.provider.placed()]
    assert placed == ours
    assert [status for _, _, status in ours] == ["partial", "completed", "canceled", "completed"]
    # 20 − 1.50 − 2.50 − 2.50
    expect(page.get_by_role("link", name=re.compile("Balance"))).to_contain_text("$13.50")


def sign_up(page: Page, shop: Shop) -> None:
    """A stranger becomes a customer."""
    page.goto(shop.url)
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Email").fill(CUSTOMER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="New order")).to_be_visible()


def top_up(page: Page, shop: Shop, *, amount: str) -> None:
    """The admin books a payment that came from outside."""
    shop.log_in(page, ADMIN)
    page.get_by_role("link", name="Users").click()
    page.get_by_role("link", name=CUSTOMER).click()
    form = page.locator("form").filter(has=page.get_by_role("heading", name="Add funds"))
    form.get_by_label("Amount").fill(amount)
    form.get_by_label("Reason").fill("Bank transfer")
    form.get_by_role("button", name="Add funds").click()
    expect(page.get_by_role("main")).to_contain_text(f"${amount}")


def order(page: Page, shop: Shop, *, link: str, balance_after: str) -> int:
    """Order 1,000 for 2.50, the charge seen before; the provider has it when this returns."""
    before = len(shop.provider.placed())
    number = place(page, shop, link=link, balance_after=balance_after)
    wait_for(lambda: len(shop.provider.placed()) == before + 1)
    return number


def place(page: Page, shop: Shop, *, link: str, balance_after: str) -> int:
    """Fill in the form and send it; the order's number."""
    page.goto(f"{shop.url}/order")
    page.get_by_label("Service", exact=True).select_option(shop.service)
    page.get_by_label("Link").fill(link)
    page.get_by_label("Quantity").fill("1000")
    expect(page.locator("[data-charge]")).to_have_text("$2.50")
    expect(page.locator("[data-balance-after]")).to_have_text(balance_after)
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile(r"^Order \d+$"))).to_be_visible()
    return int(page.url.rsplit("/", 1)[1])


def follow_to_partial(page: Page, shop: Shop, number: int) -> None:
    """Pending, in progress, partial: with the refund, its formula, and the balance."""
    expect(page.locator("#facts")).to_have_text("Pending")
    shop.provider.advance(60)
    expect_status(page, shop, number, "In progress")
    shop.provider.advance(END)
    expect_status(page, shop, number, "Partial")
    main = page.get_by_role("main")
    expect(main).to_contain_text("2.50000 × 400 / 1,000 = 1.00000")
    expect(main).to_contain_text("600 of 1,000 delivered")
    expect(page.get_by_role("link", name=re.compile("Balance"))).to_contain_text("$18.50")


def refill(page: Page, desk: Page, shop: Shop, number: int) -> None:
    """Asked for by the customer, approved by staff, done by the provider, seen by the customer."""
    shop.provider.advance(END)
    expect_status(page, shop, number, "Completed")
    page.get_by_role("button", name="Refill").click()
    refills = page.get_by_role("region", name="Refills")
    expect(refills).to_contain_text("Requested")

    approve(desk, f"{shop.url}/staff/refills", number)
    wait_for(lambda: len(shop.provider.journal().refills) == 1)
    shop.provider.advance(END)

    reload_until(page, lambda: "Completed" in refills.inner_text())


def cancel(page: Page, desk: Page, shop: Shop, number: int) -> None:
    """Asked for by the customer, approved by staff, done by the provider: all of it comes back,
    and not before.
    """
    page.goto(f"{shop.url}/orders/{number}")
    reload_until(page, lambda: "Accepted by the supplier" in page.get_by_role("main").inner_text())
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("main").get_by_role("button", name=re.compile("Cancel|Ask")).click()
    expect(page.get_by_role("region", name="Cancellations")).to_contain_text("Requested")

    approve(desk, f"{shop.url}/staff/cancels", number)
    wait_for(lambda: len(shop.provider.journal().cancels) == 1)
    page.reload()
    expect(page.get_by_role("link", name=re.compile("Balance"))).to_contain_text("$13.50")
    shop.provider.advance(END)

    expect_status(page, shop, number, "Canceled")
    expect(page.get_by_role("link", name=re.compile("Balance"))).to_contain_text("$16.00")


def lose_the_answer(page: Page, shop: Shop, *, link: str) -> int:
    """The provider takes the order, and the connection breaks before it could say so."""
    shop.provider.fault("add", "commit_reset", times=1)
    return place(page, shop, link=link, balance_after="$13.50")


def attach(page: Page, desk: Page, shop: Shop, number: int) -> None:
    """Staff find it among the provider's orders, and it runs; the customer has never seen more
    than Pending.
    """
    desk.goto(f"{shop.url}/staff/unclear")
    card = desk.locator(f"#order-{number}")
    reload_until(desk, lambda: card.count() == 1)
    expect_status(page, shop, number, "Pending")
    theirs = shop.provider.placed()[-1]
    card.get_by_text("Match to a provider order…").click()
    card.get_by_label("Provider's order id").fill(str(theirs.order))
    card.get_by_label("Reason").locator("visible=true").fill("Found by its link and its time")
    card.get_by_role("button", name="Match order").click()
    expect(desk.get_by_role("heading", name=f"Order {number}")).to_be_visible()
    shop.provider.advance(END)
    expect_status(page, shop, number, "Completed")


def approve(desk: Page, address: str, number: int) -> None:
    """Staff let the request for that order go to the provider."""
    desk.goto(address)
    row = desk.get_by_role("row").filter(has=desk.get_by_role("link", name=str(number), exact=True))
    row.get_by_role("button", name="Approve").click()
    expect(row).to_have_count(0)
