"""Staff say how an order ended: no default, the refund in money, contradictions, the undo."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from orders.models import Order, Review, ReviewKind, Status
from tests.factories import NOW, make_order, make_user
from tests.orders.staff_pages.unclear_orders import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_desk(client: Client) -> Client:
    client.force_login(make_user(role=Role.STAFF))
    return client


@pytest.fixture
def order() -> Order:
    order = make_order(status=Status.RUNNING, quantity=1000)
    order.open_review(kind=ReviewKind.NO_REMAINS, text="how much?", now=NOW)
    return order


def post(client: Client, order: Order, path: str = "settle", **fields: str) -> tuple[int, str]:
    response = client.post(f"/staff/orders/{order.pk}/{path}", fields)
    return response.status_code, response.content.decode()


def state(order: Order) -> tuple[str, Decimal]:
    order.refresh_from_db()
    return order.status, order.refunded


def test_no_end_is_chosen_beforehand(at_desk: Client, order: Order) -> None:
    shown = page(at_desk, f"/staff/orders/{order.pk}")

    radios = re.findall(r'<input type="radio" name="status"[^>]*>', shown)
    assert len(radios) == 3
    assert not [radio for radio in radios if "checked" in radio]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "Ended as: choose one."),
        ({"status": "completed", "undelivered": "450"}, "leave this empty, or choose Partial"),
        ({"status": "canceled", "undelivered": "450"}, "leave this empty, or choose Partial"),
        ({"status": "completed", "undelivered": "0"}, "leave this empty, or choose Partial"),
        ({"status": "partial"}, "enter how many are missing"),
        ({"status": "partial", "undelivered": "-1"}, "enter 0 or more"),
        ({"status": "partial", "undelivered": "1001"}, "from 0 to 1000"),
    ],
)
def test_contradictions_are_refused_and_change_nothing(
    at_desk: Client, order: Order, fields: dict[str, str], problem: str
) -> None:
    code, shown = post(at_desk, order, reason="their page", refund="0.54", **fields)

    assert (code, problem in shown) == (422, True)
    assert state(order) == (Status.RUNNING, Decimal(0))
    assert order.reviews.open().exists()


@pytest.mark.parametrize(
    ("fields", "refund", "button"),
    [
        ({"status": "completed"}, "0", "End order without a refund"),
        ({"status": "partial", "undelivered": "450"}, "0.54", "End order and refund $0.54"),
        ({"status": "canceled"}, "1.2", "End order and refund $1.20"),
    ],
)
@pytest.mark.parametrize("read", ["", "0.99"])
def test_refund_is_read_before_it_is_made(
    at_desk: Client, order: Order, fields: dict[str, str], refund: str, button: str, read: str
) -> None:
    code, shown = post(at_desk, order, reason="their page", refund=read, **fields)
    before = state(order)
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown))
    [amount] = re.findall(r'name="refund" value="([^"]+)"', shown)
    sent.pop("csrfmiddlewaretoken", None)
    ended, _ = post(at_desk, order, refund=amount, **sent)

    assert (code, button in shown, before) == (200, True, (Status.RUNNING, Decimal(0)))
    assert (ended, state(order)) == (302, (Status(fields["status"]), Decimal(refund)))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Show the refund"),
        ({"status": "partial"}, "enter how many are missing"),
        ({"status": "partial", "undelivered": "450"}, "End order and refund $0.54"),
        ({"status": "completed", "undelivered": "450"}, "leave this empty, or choose Partial"),
        ({"status": "completed"}, "End order without a refund"),
        ({"status": "partial", "undelivered": "1001"}, "from 0 to 1000"),
    ],
)
def test_preview_tells_the_refund_while_the_form_is_filled_in(
    at_desk: Client, order: Order, fields: dict[str, str], text: str
) -> None:
    code, shown = post(at_desk, order, "settle/preview", **fields)

    assert (code, text in shown) == (200, True)
    assert state(order) == (Status.RUNNING, Decimal(0))


@pytest.mark.parametrize("path", ["settle", "settle/preview", "undo"])
def test_only_staff_end_orders_and_undo_it(client: Client, order: Order, path: str) -> None:
    client.force_login(order.user)
    customer, _ = post(client, order, path, status="canceled", reason="mine", refund="1.2")
    client.logout()
    nobody, _ = post(client, order, path, status="canceled", reason="mine", refund="1.2")
    client.force_login(make_user(role=Role.STAFF))

    assert (customer, nobody) == (403, 302)
    assert client.get(f"/staff/orders/{order.pk}/{path}").status_code == 405
    assert client.post(f"/staff/orders/0/{path}").status_code == 404
    assert state(order) == (Status.RUNNING, Decimal(0))


def test_end_is_undone_from_the_page_and_decided_again(at_desk: Client, order: Order) -> None:
    post(at_desk, order, status="completed", reason="their page", refund="0")
    shown = page(at_desk, f"/staff/orders/{order.pk}")

    without_reason, _ = post(at_desk, order, "undo")
    undone, _ = post(at_desk, order, "undo", reason="wrong choice")
    again, complaint = post(at_desk, order, "undo", reason="twice")

    assert "Undo the end" in shown
    assert (without_reason, undone, again) == (422, 302, 422)
    assert "cannot be undone any more" in complaint
    assert state(order) == (Status.RUNNING, Decimal(0))
    assert [review.kind for review in order.reviews.open()] == [ReviewKind.NO_REMAINS]
    post(at_desk, order, status="partial", undelivered="450", reason="counted", refund="0.54")
    assert state(order) == (Status.PARTIAL, Decimal("0.54"))


def test_undo_is_offered_for_a_while_only(at_desk: Client, order: Order) -> None:
    post(at_desk, order, status="completed", reason="their page", refund="0")
    long_ago = timezone.now() - timedelta(hours=1)
    Order.objects.update(ended_at=long_ago)
    Review.objects.update(closed_at=long_ago)

    code, complaint = post(at_desk, order, "undo", reason="too late")

    assert "Undo the end" not in page(at_desk, f"/staff/orders/{order.pk}")
    assert (code, "cannot be undone any more" in complaint) == (422, True)


def test_end_that_the_provider_reported_is_not_undone(at_desk: Client) -> None:
    order = make_order(status=Status.COMPLETED, now=timezone.now())

    code, _ = post(at_desk, order, "undo", reason="no decision of ours")

    assert (code, state(order)) == (422, (Status.COMPLETED, Decimal(0)))
