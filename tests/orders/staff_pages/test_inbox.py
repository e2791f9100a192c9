"""Staff's inbox of unclear, held and doubtful orders, and the decisions that are made there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from catalog.models import Provider
from orders.models import Event, EventKind, HoldReason, Order, Review, ReviewKind, Status
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_user
from tests.orders.attempts import make_lane
from tests.orders.staff_pages.unclear_orders import decide, make_unclear, page


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def at_desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_inbox_takes_the_same_number_of_queries_for_any_number_of_cases(
    at_desk: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_unclear().open_review(kind=ReviewKind.DUPLICATE_ID, text="twice", now=NOW)
    with django_assert_num_queries(9):
        page(at_desk, "/staff/unclear")


@pytest.mark.django_db
def test_inbox_shows_unclear_held_and_doubtful_orders_oldest_first(at_desk: Client) -> None:
    running = make_order(status=Status.RUNNING)
    running.open_review(kind=ReviewKind.NO_REMAINS, text="Partial, but how much?", now=NOW)
    held = make_order(status=Status.HELD)
    Order.objects.filter(pk=held.pk).update(hold_reason=HoldReason.PROVIDER_FUNDS)
    unclear = make_unclear()
    calm = make_order(status=Status.RUNNING)

    shown = page(at_desk, "/staff/unclear")

    places = [shown.index(f'id="order-{order.pk}"') for order in (running, held, unclear)]
    assert places == sorted(places)
    assert f'id="order-{calm.pk}"' not in shown
    assert "Partial, but how much?" in shown
    assert f"Top up our account at {held.provider.name}" in shown
    assert f"Look for the link in {unclear.provider.name}’s orders" in shown.replace("&#x27;", "’")
    assert "HTTP 200" in shown


@pytest.mark.django_db
def test_empty_inbox_says_so(at_desk: Client) -> None:
    assert "Nothing is unclear" in page(at_desk, "/staff/unclear")


@pytest.mark.django_db
def test_refund_from_the_page_cancels_and_says_so(at_desk: Client, staff: User) -> None:
    order = make_unclear()

    status, shown = decide(at_desk, order, "refund", reason="not in their list")

    order.refresh_from_db()
    assert (status, order.status, order.refunded) == (302, Status.CANCELED, order.charge)
    assert f"Order {order.pk} canceled and refunded." in shown
    assert Event.objects.get(order=order, kind=EventKind.DECISION).actor == staff


@pytest.mark.django_db
def test_resend_from_the_page_makes_the_order_wait(at_desk: Client) -> None:
    order = make_unclear()

    decide(at_desk, order, "resend", reason="not in their list")

    order.refresh_from_db()
    assert order.status == Status.WAITING


@pytest.mark.django_db
def test_second_decision_is_told_that_it_is_too_late(at_desk: Client) -> None:
    order = make_unclear()
    decide(at_desk, order, "refund", reason="not in their list")

    status, shown = decide(at_desk, order, "resend", reason="not in their list")

    order.refresh_from_db()
    assert (status, order.status) == (422, Status.CANCELED)
    assert "This order is now canceled. There is nothing to decide." in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decision", "fields", "message"),
    [
        ("refund", {}, "Reason: enter why"),
        ("resend", {"reason": "  "}, "Reason: enter why"),
        ("refund", {"reason": "x" * 301}, "at most 300 characters"),
        ("attach", {"reason": "found"}, "order id: enter it"),
        ("attach", {"reason": "found", "upstream_id": "1,2"}, "letters, digits, - and _ only"),
        ("settle", {"reason": "found", "status": "completed"}, "no longer running"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(
    at_desk: Client, decision: str, fields: dict[str, str], message: str
) -> None:
    order = make_unclear()

    status, shown = decide(at_desk, order, decision, **fields)

    order.refresh_from_db()
    assert (status, order.status, order.refunded) == (422, Status.UNCLEAR, Decimal(0))
    assert message in shown
    assert not Event.objects.filter(order=order, kind=EventKind.DECISION).exists()


@pytest.mark.django_db(transaction=True)
def test_attach_from_the_page_asks_the_provider_first(
    at_desk: Client, double: ProviderDouble
) -> None:
    service = make_lane(double)
    order = make_unclear(service=service)
    [ours] = double.foreign_order(account="ours")

    refused, complaint = decide(at_desk, order, "attach", upstream_id="999999", reason="a guess")
    accepted, _ = decide(at_desk, order, "attach", upstream_id=str(ours.order), reason="same link")

    order.refresh_from_db()
    assert (refused, accepted) == (422, 302)
    assert "does not recognise order 999999" in complaint
    assert (order.status, order.upstream_id) == (Status.RUNNING, str(ours.order))


@pytest.mark.django_db
def test_doubt_is_closed_with_a_reason_once(at_desk: Client, staff: User) -> None:
    order = make_order(status=Status.RUNNING)
    order.open_review(kind=ReviewKind.UNKNOWN_STATUS, text="What is “Frozen”?", now=NOW)
    review = Review.objects.get()
    address = reverse("staff_doubt_close", args=[review.pk])

    codes = [
        at_desk.post(address, {}).status_code,
        at_desk.post(address, {"reason": "it means pending"}).status_code,
        at_desk.post(address, {"reason": "again"}).status_code,
    ]

    review.refresh_from_db()
    order.refresh_from_db()
    assert codes == [422, 302, 422]
    assert (review.decision, review.closed_by, order.status) == (
        "it means pending",
        staff,
        Status.RUNNING,
    )
    page = at_desk.get(f"/staff/orders/{order.pk}").content.decode()
    assert "What is “Frozen”?" in page
    assert f"by <bdi>{staff}</bdi>: it means pending" in page


@pytest.mark.django_db
def test_doubtful_running_order_is_ended_with_what_is_missing(at_desk: Client) -> None:
    order = make_order(status=Status.RUNNING, quantity=1000)
    order.open_review(kind=ReviewKind.NO_REMAINS, text="how much?", now=NOW)

    missing, complaint = decide(
        at_desk, order, "settle", status="partial", undelivered="1001", reason="their page"
    )
    fields = {"status": "partial", "undelivered": "250", "reason": "their page"}
    asked, question = decide(at_desk, order, "settle", **fields)
    still = Order.objects.get(pk=order.pk)
    ended, _ = decide(at_desk, order, "settle", **fields, refund="0.30")

    order.refresh_from_db()
    assert (missing, asked, ended) == (422, 200, 302)
    assert (still.status, still.refunded) == (Status.RUNNING, Decimal(0))
    assert "End order and refund $0.30" in question
    assert "Remains must be a number from 0 to 1000" in complaint
    assert (order.status, order.remains, order.refunded) == (Status.PARTIAL, 250, Decimal("0.3"))
    assert not Review.objects.filter(closed_at=None).exists()


@pytest.mark.django_db
def test_paused_provider_says_so_beside_its_orders(at_desk: Client) -> None:
    order = make_order(status=Status.HELD)
    Order.objects.update(hold_reason=HoldReason.LOSS)
    Provider.objects.update(paused_at=NOW + timedelta(hours=1), pause_reason="Their site is down")

    assert "Paused: Their site is down" in page(at_desk, f"/staff/orders/{order.pk}")
