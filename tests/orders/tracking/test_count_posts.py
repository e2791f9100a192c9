"""Posts counted by a provider's charge: repeats, dead workers, odd charges, and staff's counts."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from billing.ledger import charge
from billing.reference import order_post
from catalog.models import Service
from catalog.provider_client import open_client
from catalog.upstream import OrderStatus, Status
from orders.forwarding.sweep import submit_due
from orders.lifecycle.start import start
from orders.models import Order, ReviewKind, Subscription
from orders.placing.place_order import place_order
from orders.tracking.apply_reports import apply_reports
from orders.tracking.charge_posts import charge_owed, charge_posts, count_posts
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_service, make_user
from tests.orders.subscriptions import (
    ASKED,
    PRICE,
    findings,
    look,
    open_reviews,
    posts_of,
    sell_posts,
    subscribe,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = Decimal(0)


@pytest.fixture
def service(double: ProviderDouble) -> Service:
    return sell_posts(double)


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


@pytest.mark.parametrize("charge", ["0.74", "0.25", "51"])
def test_charge_that_is_no_number_of_posts_goes_to_staff_and_moves_no_money(
    service: Service, user: User, double: ProviderDouble, charge: str
) -> None:
    order = subscribe(service, user=user)
    double.set_order(order.upstream_id or "", shown={"charge": charge, "status": "Active"})

    look(order)
    look(order)

    assert (order.posts, order.charge, open_reviews(order)) == (
        0,
        NOTHING,
        [ReviewKind.UNCOUNTED_POSTS],
    )


def test_more_posts_than_were_ordered_are_staff_s(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user, posts="2")
    double.set_order(order.upstream_id or "", shown={"charge": "1.50", "status": "Active"})

    look(order)

    assert (order.posts, open_reviews(order)) == (0, [ReviewKind.UNCOUNTED_POSTS])


def test_posts_that_a_provider_takes_back_stay_charged_until_staff_decide(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    double.set_order(order.upstream_id or "", shown={"charge": "0.50", "status": "Active"})

    look(order)

    assert (order.posts, order.charge, open_reviews(order)) == (
        2,
        2 * PRICE,
        [ReviewKind.UNCOUNTED_POSTS],
    )


def test_posts_are_counted_by_the_rate_at_which_the_order_was_sent(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())
    double.patch_service(5, rate="0.60")
    Service.objects.update(rate="0.60")

    submit_due()
    order.refresh_from_db()
    double.serve_posts(order.upstream_id or "")
    look(order)

    assert (order.rate, order.posts, order.charge) == (Decimal("0.60"), 1, PRICE)


def test_posts_after_a_change_of_rate_are_counted_by_staff(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.patch_service(5, rate="1.00")
    Service.objects.update(rate="1", cost="1")
    double.serve_posts(order.upstream_id or "")  # one post, charged as two were
    look(order)
    seen = (order.posts, open_reviews(order))

    count_posts(
        order=order, posts=1, actor=make_user(), reason="one post on the page", now=timezone.now()
    )
    double.serve_posts(order.upstream_id or "")
    look(order)

    assert seen == (0, [ReviewKind.UNCOUNTED_POSTS])
    assert (order.posts, order.charge, open_reviews(order)) == (2, 2 * PRICE, [])
    assert findings() == []


def test_looks_without_news_write_nothing_down(user: User) -> None:
    service = make_service(type="Subscriptions", cost=PRICE, price=PRICE, min_quantity=2)
    active = OrderStatus(Status.ACTIVE, "Active", NOTHING, "USD", None, None, "")
    names: dict[int, str] = {}
    counts = []
    for number in range(2):
        order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())
        start(order=order, upstream_id=str(number), now=timezone.now())
        names[order.pk] = str(number)
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                apply_reports(
                    upstream_ids=names,
                    reports=dict.fromkeys(names.values(), active),
                    observed_at=timezone.now(),
                    now=timezone.now(),
                )
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_older_look_neither_lowers_nor_repeats_a_post(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "")
    names = {order.pk: order.upstream_id or ""}
    old, asked_at = report(service, order), timezone.now()
    double.serve_posts(order.upstream_id or "")
    look(order)

    apply_reports(upstream_ids=names, reports=old, observed_at=asked_at, now=timezone.now())
    charge_owed(now=timezone.now())

    order.refresh_from_db()
    assert (order.posts, order.charge, open_reviews(order)) == (2, 2 * PRICE, [])


def report(service: Service, order: Order) -> dict[str, OrderStatus]:
    """What the provider says now."""
    with open_client(service.provider) as client:
        answers = client.status([order.upstream_id or ""]).orders
    return {name: answer for name, answer in answers.items() if isinstance(answer, OrderStatus)}


def test_a_charge_that_runs_twice_books_a_post_once(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    Subscription.objects.filter(order=order).update(owed=1)

    for _ in range(3):
        charge_posts(order_id=order.pk, now=timezone.now())

    assert len(posts_of(order)) == 1


def test_what_was_counted_before_a_worker_died_is_charged_by_the_next(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    names = {order.pk: order.upstream_id or ""}
    apply_reports(
        upstream_ids=names,
        reports=report(service, order),
        observed_at=timezone.now(),
        now=timezone.now(),
    )
    order.refresh_from_db()
    before = order.posts, findings()

    look(order)

    assert before == (0, [])
    assert (order.posts, order.charge) == (2, 2 * PRICE)


def test_the_audit_finds_a_charge_that_its_posts_do_not_explain(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "")
    look(order)

    Order.objects.update(posts=2, billed_quantity=2)

    assert findings() == [
        f"order {order.pk}: its charge is 0.80000, but its 2 posts add up to 1.60000"
    ]


def test_an_order_that_the_ledger_contradicts_keeps_no_other_waiting(
    service: Service, user: User, double: ProviderDouble
) -> None:
    broken, whole = subscribe(service, user=make_user(balance="10")), subscribe(service, user=user)
    charge(customer=broken.user, amount=PRICE, reference=order_post(broken.pk, number=1), now=NOW)
    Subscription.objects.update(owed=1)

    tally = charge_owed(now=timezone.now())

    whole.refresh_from_db()
    assert tally == {"posts charged": 1, "orders contradicted by the ledger": 1}
    assert whole.posts == 1
    assert findings() == [f"order {broken.pk}: its charge is 0.00000, but 0.80000 was booked"]
