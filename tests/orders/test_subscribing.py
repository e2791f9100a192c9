"""Subscriptions from the order to the last post: nothing in advance, each post once, and what stands in the way."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.ledger import InsufficientFunds, charge
from billing.models import Account
from catalog.connecting import open_client
from catalog.models import Service
from catalog.upstream import OrderStatus
from orders.aftercare import request_cancel
from orders.aftersending import send_due
from orders.applying import apply_reports
from orders.checking import FieldErrors, Problem
from orders.models import Cancellation, Doubt, DoubtKind, Order, Status, Subscription
from orders.placing import NotOnSale, place_order
from orders.settling import close_doubt, end_order
from orders.submitting import submit_due
from orders.subscribing import charge_owed, charge_posts, count_posts
from tests.double.handle import ProviderDouble
from tests.factories import NOW, fund, make_user
from tests.orders.subscriptions import ASKED, PRICE, findings, look, posts_of, sell_posts, subscribe

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = Decimal(0)
CONFIRM = 0.05  # seconds between the two looks that a cancellation needs


@pytest.fixture
def service(double: ProviderDouble, settings: Settings) -> Service:
    settings.REFUND_CONFIRM = CONFIRM
    return sell_posts(double)


@pytest.fixture
def user() -> User:
    return make_user(balance="10")


def balance_of(user: User) -> Decimal:
    return Account.objects.get(owner=user).balance


def open_doubts(order: Order) -> list[str]:
    return list(Doubt.objects.filter(order=order, closed_at=None).order_by("pk").values_list("kind", flat=True))


def test_nothing_is_charged_before_a_post_was_served(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user)

    look(order)

    (placed,) = double.placed()
    assert placed.fields == ASKED
    assert (order.status, order.posts, order.charge, order.link) == (Status.RUNNING, 0, NOTHING, "")
    assert balance_of(user) == 10
    assert findings() == []


def test_each_post_is_charged_once_with_a_reference_of_its_own(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    look(order)
    double.serve_posts(order.upstream_id or "")
    note = look(order)

    assert posts_of(order) == [(f"{order.pk}:post:{number}", PRICE) for number in (1, 2, 3)]
    assert (order.posts, order.charge, order.cost, order.billed_quantity) == (3, 3 * PRICE, Decimal("1.5"), 3)
    assert (order.status, order.customer_status, order.subscription.state) == ("running", "In progress", "Active")
    assert balance_of(user) == 10 - 3 * PRICE
    assert note == "1 looked at, 1 posts charged"
    assert findings() == []


def test_old_posts_are_posts(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user, posts="1", old_posts="2")
    double.advance(3600)

    look(order)

    assert (order.status, order.posts, order.charge) == (Status.COMPLETED, 3, 3 * PRICE)


@pytest.mark.parametrize(
    ("word", "status", "state"), [("Expired", "completed", "Expired"), ("Paused", "running", "Paused")]
)
def test_a_provider_s_words_are_shown_and_end_it_or_not(
    service: Service, user: User, double: ProviderDouble, word: str, status: str, state: str
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "")
    double.set_order(order.upstream_id or "", shown={"status": word})

    look(order)

    assert (order.status, order.subscription.state, order.charge) == (status, state, PRICE)
    assert findings() == []


def test_a_canceled_subscription_keeps_the_posts_that_were_served(
    service: Service, user: User, double: ProviderDouble, settings: Settings
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    request_cancel(order=order, actor=user, now=timezone.now())
    send_due()
    double.advance(60)
    settings.REFUND_CONFIRM = 60
    look(order)
    after_one = order.status
    settings.REFUND_CONFIRM = CONFIRM
    time.sleep(CONFIRM)

    look(order)

    assert after_one == Status.RUNNING  # believed only when it is seen twice
    served = double.order(order.upstream_id or "").net_charge / Decimal("0.5")
    assert (order.status, order.posts, order.charge, order.refunded) == (
        Status.CANCELED,
        int(served),
        served * PRICE,
        NOTHING,
    )
    assert Cancellation.objects.get().state == "completed"
    assert findings() == []


def test_a_subscription_that_was_not_sent_yet_is_canceled_at_once_for_nothing(service: Service, user: User) -> None:
    order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())

    request_cancel(order=order, actor=user, now=timezone.now())

    order.refresh_from_db()
    assert (order.status, order.charge, order.refunded, balance_of(user)) == (
        Status.CANCELED,
        NOTHING,
        NOTHING,
        Decimal(10),
    )
    assert findings() == []


def test_the_balance_must_cover_one_post(service: Service) -> None:
    poor = make_user(balance="0.79")

    with pytest.raises(InsufficientFunds) as short:
        place_order(customer=poor, service=service, values=ASKED, now=NOW)

    assert (short.value.available, short.value.amount) == (Decimal("0.79"), PRICE)
    assert not Order.objects.exists()


def test_what_costs_nothing_cannot_be_counted_and_is_not_sold(service: Service, user: User) -> None:
    Service.objects.update(rate=0, cost=0)

    with pytest.raises(NotOnSale):
        place_order(customer=user, service=service, values=ASKED, now=NOW)


def test_an_unpaid_post_is_owed_stops_the_serving_and_is_charged_when_money_comes(
    service: Service, double: ProviderDouble
) -> None:
    user = make_user(balance="1")
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)
    look(order)
    seen = (order.posts, order.charge, balance_of(user), open_doubts(order), findings())
    send_due()

    fund(user=user, amount="5")
    look(order)

    assert seen == (1, PRICE, 1 - PRICE, [DoubtKind.UNPAID_POSTS], [])
    assert [asked.order for asked in double.journal().cancels] == [int(order.upstream_id or 0)]
    assert (order.posts, order.charge, balance_of(user), open_doubts(order)) == (3, 3 * PRICE, 6 - 3 * PRICE, [])
    assert findings() == []


def test_a_customer_s_credit_pays_posts_to_its_last_unit(service: Service, double: ProviderDouble) -> None:
    user = make_user(balance="1")
    Account.objects.filter(owner=user).update(credit_limit=Decimal("0.60"))
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)

    look(order)

    assert (order.posts, balance_of(user)) == (2, Decimal("-0.60"))
    assert Subscription.objects.get().owed == 1


def test_one_customer_without_money_keeps_nobody_else_waiting(
    service: Service, user: User, double: ProviderDouble
) -> None:
    poor = subscribe(service, user=make_user(balance="0.80"))
    rich = subscribe(service, user=user)
    for order in (poor, rich):
        double.serve_posts(order.upstream_id or "", count=2)

    note = look(poor, rich)

    assert (poor.posts, rich.posts) == (1, 2)
    assert note == "2 looked at, 3 posts charged, 1 posts unpaid"


def test_staff_who_close_the_debt_forgive_it(service: Service, double: ProviderDouble) -> None:
    user, staff = make_user(balance="1"), make_user()
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)

    close_doubt(doubt=Doubt.objects.get(), actor=staff, reason="a good customer", now=timezone.now())

    fund(user=user, amount="5")
    look(order)
    assert (order.posts, balance_of(user)) == (1, 6 - PRICE)


@pytest.mark.parametrize("charge", ["0.74", "0.25", "51"])
def test_a_charge_that_is_no_number_of_posts_is_staff_s_and_moves_no_money(
    service: Service, user: User, double: ProviderDouble, charge: str
) -> None:
    order = subscribe(service, user=user)
    double.set_order(order.upstream_id or "", shown={"charge": charge, "status": "Active"})

    look(order)
    look(order)

    assert (order.posts, order.charge, open_doubts(order)) == (0, NOTHING, [DoubtKind.UNCOUNTED_POSTS])


def test_more_posts_than_were_ordered_are_staff_s(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user, posts="2")
    double.set_order(order.upstream_id or "", shown={"charge": "1.50", "status": "Active"})

    look(order)

    assert (order.posts, open_doubts(order)) == (0, [DoubtKind.UNCOUNTED_POSTS])


def test_posts_that_a_provider_takes_back_stay_charged_until_staff_decide(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    look(order)
    double.set_order(order.upstream_id or "", shown={"charge": "0.50", "status": "Active"})

    look(order)

    assert (order.posts, order.charge, open_doubts(order)) == (2, 2 * PRICE, [DoubtKind.UNCOUNTED_POSTS])


def test_a_rate_that_changes_while_it_runs_is_staff_s_to_count(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.patch_service(5, rate="1.00")
    Service.objects.update(rate="1", cost="1")
    double.serve_posts(order.upstream_id or "")  # one post, charged as two were
    look(order)
    seen = (order.posts, open_doubts(order))

    count_posts(order=order, posts=1, actor=make_user(), reason="one post on the page", now=timezone.now())
    double.serve_posts(order.upstream_id or "")
    look(order)

    assert seen == (0, [DoubtKind.UNCOUNTED_POSTS])
    assert (order.posts, order.charge, open_doubts(order)) == (2, 2 * PRICE, [])
    assert findings() == []


def test_a_cost_above_the_price_of_a_post_holds_the_subscription(service: Service, user: User) -> None:
    order = place_order(customer=user, service=service, values=ASKED, now=timezone.now())
    Service.objects.update(rate="1", cost="1")

    submit_due()

    order.refresh_from_db()
    assert (order.status, order.hold_reason) == (Status.HELD, "loss")


def test_an_older_look_neither_lowers_nor_repeats_a_post(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "")
    names = {order.pk: order.upstream_id or ""}
    old, asked_at = report(service, order), timezone.now()
    double.serve_posts(order.upstream_id or "")
    look(order)

    apply_reports(upstream_ids=names, reports=old, observed_at=asked_at, now=timezone.now())
    charge_owed(now=timezone.now())

    order.refresh_from_db()
    assert (order.posts, order.charge, open_doubts(order)) == (2, 2 * PRICE, [])


def report(service: Service, order: Order) -> dict[str, OrderStatus]:
    """What the provider says now."""
    with open_client(service.provider) as client:
        answers = client.status([order.upstream_id or ""]).orders
    return {name: answer for name, answer in answers.items() if isinstance(answer, OrderStatus)}


def test_a_charge_that_runs_twice_books_a_post_once(service: Service, user: User, double: ProviderDouble) -> None:
    order = subscribe(service, user=user)
    Subscription.objects.filter(order=order).update(owed=1)

    for _ in range(3):
        charge_posts(order_id=order.pk, now=timezone.now())

    assert len(posts_of(order)) == 1


def test_staff_end_it_partially_by_posts_and_what_was_not_paid_is_forgiven(
    service: Service, double: ProviderDouble
) -> None:
    user, staff = make_user(balance="1.60"), make_user()
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=3)
    look(order)

    end_order(order=order, status=Status.PARTIAL, undelivered=1, actor=staff, reason="one was bad", now=timezone.now())
    fund(user=user, amount="5")
    look(order)

    assert (order.status, order.posts, order.charge, order.refunded) == (Status.PARTIAL, 2, 2 * PRICE, PRICE)
    assert findings() == []


def test_an_expiry_in_the_past_is_refused_by_the_clock_that_is_passed_in(service: Service, user: User) -> None:
    yesterday, today = NOW - timedelta(days=1), NOW

    with pytest.raises(FieldErrors) as refused:
        place_order(customer=user, service=service, values={**ASKED, "expiry": f"{yesterday:%d/%m/%Y}"}, now=NOW)
    order = place_order(customer=user, service=service, values={**ASKED, "expiry": f"{today:%Y-%m-%d}"}, now=NOW)

    assert refused.value.problems == {"expiry": Problem("This day is over.", "too_small")}
    assert order.fields["expiry"] == "14/03/2026"


def test_what_was_counted_before_a_worker_died_is_charged_by_the_next(
    service: Service, user: User, double: ProviderDouble
) -> None:
    order = subscribe(service, user=user)
    double.serve_posts(order.upstream_id or "", count=2)
    names = {order.pk: order.upstream_id or ""}
    apply_reports(upstream_ids=names, reports=report(service, order), observed_at=timezone.now(), now=timezone.now())
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

    assert findings() == [f"order {order.pk}: its charge is 0.80000, but its 2 posts make 1.60000"]


def test_an_order_that_the_ledger_contradicts_keeps_no_other_waiting(
    service: Service, user: User, double: ProviderDouble
) -> None:
    broken, whole = subscribe(service, user=make_user(balance="10")), subscribe(service, user=user)
    charge(customer=broken.user, amount=PRICE, reference=f"order:{broken.pk}:post:1", now=NOW)
    Subscription.objects.update(owed=1)

    tally = charge_owed(now=timezone.now())

    whole.refresh_from_db()
    assert tally == {"posts charged": 1, "orders contradicted by the ledger": 1}
    assert whole.posts == 1
    assert findings() == [f"order {broken.pk}: its charge is 0.00000, booked were 0.80000"]
