"""Many orders at once: a wallet is never overspent, a key never orders twice; and what happens
without the guards.
"""

from decimal import Decimal
from typing import TypeVar
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from billing.ledger import InsufficientFunds
from billing.models import Account, Transfer, TransferKind
from catalog.models import Service
from orders.models import Order
from orders.placing.place_order import place_order
from orders.placing.price_quote import quote
from tests.factories import NOW, make_service, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

THREADS = 25
ORDERS = 50
MONEY_FOR = 20


def order_once(
    user: User, service: Service, *, link: str, client_key: str | None = None
) -> int | None:
    values = {"link": link, "quantity": "1000"}
    try:
        return place_order(
            customer=user, service=service, values=values, now=NOW, client_key=client_key
        ).pk
    except InsufficientFunds:
        return None


def test_50_orders_at_once_on_money_for_20_are_exactly_20() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")

    placed = at_once(
        lambda number: order_once(user, service, link=f"@n{number}"), times=ORDERS, threads=THREADS
    )

    assert len([pk for pk in placed if pk]) == MONEY_FOR
    assert Order.objects.count() == MONEY_FOR
    assert Transfer.objects.filter(kind=TransferKind.CHARGE).count() == MONEY_FOR
    assert Account.objects.get(owner=user).balance == 0


def test_one_key_sent_25_times_at_once_is_one_order() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")

    placed = at_once(
        lambda _: order_once(user, service, link="@one", client_key="k1"), times=THREADS
    )

    assert set(placed) == {Order.objects.get().pk}
    assert Account.objects.get(owner=user).balance == Decimal(19)


def test_control_without_a_key_a_double_click_is_two_orders() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")

    placed = at_once(lambda _: order_once(user, service, link="@one"), times=2)

    assert len(set(placed)) == 2
    assert Account.objects.get(owner=user).balance == Decimal(18)


def test_one_key_with_money_for_one_order_is_placed_once_and_refused_to_nobody() -> None:
    user, service = make_user(balance="1"), make_service(cost="1", price="1")

    placed = at_once(
        lambda _: order_once(user, service, link="@one", client_key="k1"), times=THREADS
    )

    assert set(placed) == {Order.objects.get().pk}
    assert Account.objects.get(owner=user).balance == 0


def test_double_click_sends_the_form_twice_at_once_and_places_one_order() -> None:
    user, service = make_user(balance="20"), make_service(cost="1", price="1")
    client = Client()
    client.force_login(user)
    form = {
        "service": str(service.pk),
        "quote": quote(customer=user, service=service),
        "idempotency_key": str(uuid4()),
        "link": "@one",
        "quantity": "1000",
    }

    def click(_number: int) -> str:
        other = Client()
        other.cookies = client.cookies
        return str(other.post("/order", form)["Location"])

    answers = at_once(click, times=2)

    assert set(answers) == {f"/orders/{Order.objects.get().pk}"}
    assert Account.objects.get(owner=user).balance == Decimal(19)
