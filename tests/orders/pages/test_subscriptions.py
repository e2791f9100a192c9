"""Subscriptions on the pages: the form, the order, the list, and what staff decide."""

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Role, User
from catalog.models import Service
from orders.models import Order, Review, ReviewKind, Status, Subscription, Watch
from orders.placing.place_order import place_order
from orders.placing.price_quote import quote
from orders.tracking.charge_posts import charge_posts
from tests.factories import NOW, make_service, make_user, signed_in
from tests.orders.subscriptions import ASKED, PRICE, RATE

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.fixture
def service() -> Service:
    return make_service(
        type="Subscriptions",
        cost=RATE,
        price=PRICE,
        min_quantity=2,
        max_quantity=1000,
        is_dripfeed=True,
    )


def running(user: User, service: Service, *, owed: int = 0) -> Order:
    order = place_order(customer=user, service=service, values=ASKED, now=NOW)
    Order.objects.filter(pk=order.pk).update(
        status=Status.RUNNING,
        upstream_id="77",
        upstream_status="In progress",
        upstream_charge=RATE,
        running_at=NOW,
    )
    Watch.objects.create(order=order, provider=order.provider, due_at=NOW)
    Subscription.objects.update(state="Active", owed=owed)
    return order


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def form_of(user: User, service: Service, **values: str) -> dict[str, str]:
    own = {
        "service": str(service.pk),
        "quote": quote(customer=user, service=service),
        "idempotency_key": str(uuid4()),
    }
    return {**own, **ASKED, **values}


def test_the_form_asks_for_its_fields_with_their_limits_and_a_day_to_choose(
    user: User, service: Service
) -> None:
    page = signed_in(user).get(f"/order?service={service.pk}").content.decode()

    names = set(re.findall(r'name="(\w+)"', page))
    assert {"username", "min", "max", "posts", "old_posts", "delay", "expiry"} <= names
    assert not {"link", "quantity", "runs", "interval"} & names
    assert re.search(r'<input type="date" name="expiry"', page)
    assert "Charge per post" in page
    assert "Charge per post" in text_of(page)
    assert "$0.80 per post" in text_of(page)
    assert "2–1,000" in text_of(page)


def test_a_subscription_is_placed_without_a_script_and_charged_nothing(
    user: User, service: Service
) -> None:
    client, form = signed_in(user), form_of(user, service, expiry="2099-12-31")

    response = client.post("/order", form, follow=True)

    order = Order.objects.get()
    assert f"Order {order.pk} placed for 0.80 USD per post." in text_of(response.content.decode())
    assert "Nothing has been charged yet." in text_of(response.content.decode())
    assert (order.charge, order.fields["expiry"]) == (Decimal(0), "31/12/2099")


def test_bad_fields_come_back_as_they_were_typed(user: User, service: Service) -> None:
    response = signed_in(user).post("/order", form_of(user, service, min="1", expiry="2000-01-31"))

    page = response.content.decode()
    assert response.status_code == 422
    assert "This date is in the past." in page
    assert 'value="2000-01-31"' in page
    assert not Order.objects.exists()


def test_order_page_shows_its_posts_and_what_is_not_paid(user: User, service: Service) -> None:
    order = running(user, service, owed=20)
    charge_posts(order_id=order.pk, now=NOW)

    page = text_of(signed_in(user).get(f"/orders/{order.pk}").content.decode())

    assert "Active" in page
    assert "Posts paid 12 · $0.80 each" in page
    assert "8 posts delivered but not paid" in page
    assert "Post 12 0.80 per post −$0.80" in page
    assert "Total paid $9.60" in page


def test_the_list_shows_whom_it_follows_and_finds_it_by_that(user: User, service: Service) -> None:
    running(user, service)
    client = signed_in(user)

    found = client.get("/orders?q=someone").content.decode()
    nothing = client.get("/orders?q=somebody-else").content.decode()

    assert "@someone" in found
    assert "10–20" in found
    assert "Active" in text_of(found)
    assert "@someone" not in nothing


def test_a_drip_feed_tells_its_runs_its_interval_and_the_total(user: User) -> None:
    drip = make_service(is_dripfeed=True)
    values = {"link": "https://example.com/p", "quantity": "100", "runs": "5", "interval": "30"}
    order = place_order(customer=user, service=drip, values=values, now=NOW)

    page = text_of(signed_in(user).get(f"/orders/{order.pk}").content.decode())

    assert "5 runs of 100 every 30 minutes, 500 in total" in page


def test_staff_count_the_posts_that_no_charge_tells_and_only_once(
    user: User, service: Service
) -> None:
    order, staff = running(user, service), make_user(role=Role.STAFF)
    order.open_review(kind=ReviewKind.UNCOUNTED_POSTS, text="no whole number", now=timezone.now())
    client, decision = signed_in(staff), {"posts": "2", "reason": "seen on the page"}
    page = client.get(f"/staff/orders/{order.pk}").content.decode()

    answers = [
        client.post(f"/staff/orders/{order.pk}/posts", decision).status_code for _ in range(2)
    ]
    charge_posts(order_id=order.pk, now=NOW)

    order.refresh_from_db()
    assert "Count posts" in page
    assert answers == [302, 422]
    assert (order.posts, order.charge) == (2, 2 * PRICE)
    assert not Review.objects.filter(closed_at=None).exists()


def test_a_negative_count_or_one_without_a_reason_is_refused(user: User, service: Service) -> None:
    order, staff = running(user, service), make_user(role=Role.STAFF)
    order.open_review(kind=ReviewKind.UNCOUNTED_POSTS, text="no whole number", now=timezone.now())

    for bad in (
        {"posts": "-1", "reason": "x"},
        {"posts": "1", "reason": ""},
        {"posts": "many", "reason": "x"},
    ):
        assert signed_in(staff).post(f"/staff/orders/{order.pk}/posts", bad).status_code == 422

    assert Subscription.objects.get().owed == 0
    assert Decimal(0) == Order.objects.get().charge
