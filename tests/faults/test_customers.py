"""Faults 26–30: customers click twice, order all at once, repeat themselves; prices move under
them.
"""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from billing.models import Account
from catalog.models import Provider, Service
from catalog.sync.sync import sync_provider
from orders.models import HoldReason, Order, Status
from tests.factories import make_user
from tests.faults.customers import Program, Shopper
from tests.faults.shop import Shop
from tests.faults.test_killed_processes import assert_forwarded_once

pytestmark = pytest.mark.stack

ORDERED, NOT_ORDERED, AWAY = 302, 422, 503
ORDERS, MONEY_FOR, AT_ONCE = 200, 50, 20


def test_fault_26_double_click_and_reload_are_one_order(shop: Shop) -> None:
    browser = shop.browser
    form = browser.form(shop.service, link=shop.link())

    with ThreadPoolExecutor(2) as threads:
        clicks = list(threads.map(browser.send, [form, form]))
    reload = browser.send(form)
    shop.settle()

    assert [*clicks, reload] == [ORDERED] * 3
    assert len(shop.orders()) == 1
    assert_forwarded_once(shop)


def test_fault_27_two_hundred_orders_at_once_on_money_for_fifty_are_exactly_fifty(
    shop: Shop,
) -> None:
    charge = shop.order(quantity=1000).charge
    user = make_user(balance=charge * MONEY_FOR)
    browser, program = Shopper.of(shop.stand.url, user), Program.of(shop.stand.url, user)

    def by_page(link: str) -> bool:
        form = browser.form(shop.service, link=link)
        while (code := browser.send(form, limit=120)) == AWAY:
            pass  # the wallet was locked for too long: the same form once more
        assert code in {ORDERED, NOT_ORDERED}
        return code == ORDERED

    def by_program(link: str) -> bool:
        key, answer = str(uuid4()), None
        while answer is None:
            try:
                answer = program.add(shop.service, link=link, key=key)
            except requests.HTTPError as error:
                if error.response.status_code != AWAY:
                    raise
        assert "order" in answer or answer == {"error": "neworder.error.not_enough_funds"}
        return "order" in answer

    doors = [by_page, by_program]  # both at the same wallet
    with ThreadPoolExecutor(AT_ONCE) as threads:
        bought = list(threads.map(lambda number: doors[number % 2](shop.link()), range(ORDERS)))
    shop.settle(limit=180)

    assert bought.count(True) == MONEY_FOR
    assert Order.objects.filter(user=user).count() == MONEY_FOR
    assert Account.objects.get(owner=user).balance == 0
    assert_forwarded_once(shop)


def test_fault_28_same_key_with_other_parameters_is_refused_and_charges_nothing(shop: Shop) -> None:
    browser = shop.browser
    form = browser.form(shop.service, link=shop.link())
    first = browser.send(form)
    before = shop.balance()

    second = browser.send(form | {"quantity": "2000"})

    assert (first, second) == (ORDERED, NOT_ORDERED)
    assert len(shop.orders()) == 1
    assert shop.balance() == before
    shop.settle()


def test_fault_28_same_key_of_a_program_with_other_parameters_is_refused_and_charges_nothing(
    shop: Shop,
) -> None:
    program, link = Program.of(shop.stand.url, shop.customer), shop.link()
    first = program.add(shop.service, link=link, key="k1")
    before = shop.balance()

    answers = [
        program.add(shop.service, link=link, key="k1", quantity=quantity)
        for quantity in (2000, 1000)
    ]

    assert answers == [{"error": "Idempotency key was used with other parameters"}, first]
    assert [order.pk for order in shop.orders()] == [first["order"]]
    assert shop.balance() == before
    shop.settle()


def test_fault_29_price_that_rises_between_page_and_order_charges_nothing(shop: Shop) -> None:
    browser, before = shop.browser, shop.balance()
    form = browser.form(shop.service, link=shop.link())
    Service.objects.filter(pk=shop.service.pk).update(price=shop.service.price + Decimal("0.01"))

    code = browser.send(form)

    assert code == NOT_ORDERED
    assert shop.orders() == []
    assert shop.balance() == before


def test_fault_30_order_whose_cost_rose_above_its_price_is_held_and_not_sold_at_a_loss(
    shop: Shop,
) -> None:
    Provider.objects.filter(pk=shop.provider.pk).update(accepted_gone=10_000)
    shop.pause()
    order = shop.order()
    dearer = str(shop.service.rate * 2)
    shop.double.patch_service(int(shop.service.upstream_id), rate=dearer)

    sync_provider(provider_id=shop.service.provider_id, now=timezone.now())
    shop.resume()
    shop.wait(lambda: shop.status(order) == Status.HELD)

    order.refresh_from_db()
    assert (order.hold_reason, order.net_charge) == (HoldReason.LOSS, order.charge)
    assert shop.adds() == 0
