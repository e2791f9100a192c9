"""Orders of services without a price: by the admin's choice alone, so many per customer and day."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Service
from orders.lifecycle.end import cancel_in_full
from orders.mass_order.check import check_lines
from orders.mass_order.offer import Offer
from orders.mass_order.parse import read_lines
from orders.mass_order.place import place_lines
from orders.models import Order
from orders.placing.free_orders import FreeLimitReached
from orders.placing.place_order import NotOnSale, place_order
from orders.placing.price_quote import quote
from tests.factories import NOW, make_service, make_user, signed_in
from tests.orders.api.api_client import ask, key_of
from tests.orders.pages.order_form import filled_in

pytestmark = pytest.mark.django_db

ASKED = {"link": "https://example.com/page", "quantity": "1000"}


def free_service(*, per_day: int | None = 2) -> Service:
    return make_service(cost="0", price="0", free_per_day=per_day)


@pytest.mark.parametrize("price", ["0", "0.00000999"])
def test_a_service_without_a_price_is_not_sold_unless_the_admin_says_so(price: str) -> None:
    service = make_service(cost="0", price=price)

    with pytest.raises(NotOnSale):
        place_order(customer=make_user(), service=service, values=ASKED, now=NOW)

    assert not Order.objects.exists()
    assert not service.is_on_sale
    assert not Service.objects.on_sale().exists()


def test_the_lowest_price_is_a_price() -> None:
    service = make_service(cost="0", price="0.00001")

    order = place_order(customer=make_user(balance="1"), service=service, values=ASKED, now=NOW)

    assert order.charge > 0


def test_a_customer_gets_so_many_free_orders_in_24_hours_and_others_theirs() -> None:
    user, other, service = make_user(), make_user(), free_service(per_day=2)
    first = place_order(customer=user, service=service, values=ASKED, now=NOW)
    cancel_in_full(order=first, text="", now=NOW)  # counts all the same
    place_order(customer=user, service=service, values=ASKED, now=NOW + timedelta(hours=1))

    with pytest.raises(FreeLimitReached, match="can be ordered 2 times in 24 hours"):
        place_order(customer=user, service=service, values=ASKED, now=NOW + timedelta(hours=23))

    place_order(customer=other, service=service, values=ASKED, now=NOW + timedelta(hours=23))
    place_order(customer=user, service=free_service(), values=ASKED, now=NOW)
    next_day = NOW + timedelta(hours=24)
    assert place_order(customer=user, service=service, values=ASKED, now=next_day).charge == 0


def test_orders_that_were_paid_do_not_count_as_free() -> None:
    user, service = make_user(balance="5"), make_service(cost="0", price="1", free_per_day=1)
    place_order(customer=user, service=service, values=ASKED, now=NOW)
    Service.objects.update(price=0)

    assert place_order(customer=user, service=service, values=ASKED, now=NOW).charge == 0


def test_a_repeated_key_gets_its_free_order_although_the_limit_is_reached() -> None:
    user, service = make_user(), free_service(per_day=1)
    values = {"customer": user, "service": service, "values": ASKED, "client_key": "k1"}

    first = place_order(**values, now=NOW)  # type: ignore[arg-type]

    assert place_order(**values, now=NOW) == first  # type: ignore[arg-type]


def test_the_page_says_that_the_limit_is_reached() -> None:
    user, service = make_user(), free_service(per_day=1)
    client = signed_in(user)
    client.post("/order", filled_in(user, service))

    link = "https://example.com/other"
    response = client.post("/order", filled_in(user, service, link=link))

    assert response.status_code == 422
    assert "This free service can be ordered once in 24 hours." in response.content.decode()
    assert Order.objects.count() == 1


def test_a_mass_order_stops_at_the_limit() -> None:
    user, service = make_user(), free_service(per_day=2)
    text = "\n".join(f"{service.pk} | https://example.com/{n} | 1000" for n in range(3))
    checked = check_lines(customer=user, lines=read_lines(text=text), key="k", now=NOW)
    offer = Offer(key="k", prices={service.pk: service.price})

    lines = place_lines(customer=user, lines=checked.lines, offer=offer, now=timezone.now())

    assert [line.note for line in lines] == [
        "",
        "",
        "This free service can be ordered 2 times in 24 hours.",
    ]
    assert Order.objects.count() == 2


def test_the_api_says_that_the_limit_is_reached() -> None:
    user, service = make_user(), free_service(per_day=1)
    key = key_of(user)
    wanted = {"service": service.pk, "quantity": 1000}
    ask(key, "add", link="https://example.com/1", **wanted)

    answer = json.loads(ask(key, "add", link="https://example.com/2", **wanted))

    assert answer == {"error": "service: This free service can be ordered once in 24 hours."}
    assert Order.objects.count() == 1


def test_a_free_subscription_counts_as_a_free_order() -> None:
    user = make_user(balance="5")
    service = make_service(type="Subscriptions", cost="0", price="0", free_per_day=1)
    Service.objects.update(rate="0.000001")
    values = {"username": "someone", "min": "10", "max": "20", "posts": "3", "delay": "0"}
    place_order(customer=user, service=service, values=values, now=NOW)

    with pytest.raises(FreeLimitReached):
        place_order(customer=user, service=service, values=values, now=NOW)


def test_a_quote_of_a_free_service_is_no_key_to_it() -> None:
    """A service that lost its price after it was shown is not sold by the quote of its page."""
    user, service = make_user(), make_service(cost="0", price="1")
    form = filled_in(user, service) | {"quote": quote(customer=user, service=service)}
    Service.objects.update(price=0)

    response = signed_in(user).post("/order", form)

    assert response.status_code == 422
    assert not Order.objects.exists()
