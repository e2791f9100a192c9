"""The page of one order, and its buttons."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from billing.models import Account, TransferKind
from orders.lifecycle.end import end_partially
from orders.models import Cancellation, EventKind, Order, Refill, RequestState, Status
from orders.placing.place_order import place_order
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user(balance="100")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(client: Client, order: Order) -> str:
    response = client.get(f"/orders/{order.pk}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def without_token(content: bytes) -> str:
    """The page but for the CSRF token, which is masked anew each time."""
    return re.sub(
        r'("X-CSRFToken": |name="csrfmiddlewaretoken" value=)"\w+"', "", unescape(content.decode())
    )


def test_wrong_verb_is_refused(client: Client) -> None:
    assert client.post("/orders/1").status_code == 405
    assert client.get("/orders/1/refill").status_code == 405
    assert client.put("/orders/1/cancel").status_code == 405


@pytest.mark.parametrize("address", ["/orders/{}", "/orders/{}/cancel", "/orders/{}/refill"])
def test_orders_of_others_are_exactly_as_unknown_ones(client: Client, address: str) -> None:
    service = make_service(is_refill=True, is_cancel=True)
    foreign = make_order(service=service, status=Status.COMPLETED)
    send = client.post if address.endswith("refill") else client.get

    theirs, unknown, impossible = (
        send(address.format(pk)) for pk in (foreign.pk, foreign.pk + 1000, 10**30)
    )

    assert (theirs.status_code, unknown.status_code, impossible.status_code) == (404, 404, 404)
    assert (
        without_token(theirs.content)
        == without_token(unknown.content)
        == without_token(impossible.content)
    )


def test_cancel_of_anothers_order_changes_nothing(client: Client) -> None:
    foreign = make_order()

    assert client.post(f"/orders/{foreign.pk}/cancel").status_code == 404

    foreign.refresh_from_db()
    assert foreign.status == Status.WAITING


def test_page_shows_what_was_asked_for(client: Client, user: User) -> None:
    service = make_service(
        name="Comments 😀",
        type="Custom Comments",
        min_quantity=1,
        price="10",
        is_refill=True,
        is_cancel=True,
    )
    order = place_order(
        customer=user,
        service=service,
        values={"link": "@me", "comments": "One\nTwo\nThree\nFour"},
        now=NOW,
    )

    page = page_of(client, order)

    assert f"<title>Order {order.pk} · " in page
    assert "<bdi>Comments 😀</bdi>" in page
    assert "<bdi>@me</bdi>" in page
    assert "<summary>4 lines</summary>" in page
    assert "Charged 10.00 × 4 / 1,000 = 0.04" in page
    assert "No refill" not in page


def test_partial_order_explains_every_movement(client: Client, user: User) -> None:
    service = make_service(price="10")
    order = place_order(
        customer=user, service=service, values={"link": "@me", "quantity": "1000"}, now=NOW
    )
    end_partially(order=order, undelivered=100, now=NOW)

    response = client.get(f"/orders/{order.pk}")

    movements = response.context["sheet"].movements
    assert [
        (one.label, one.formula, one.amount, one.balance_before, one.balance_after)
        for one in movements
    ] == [
        ("Charge", "10.00 × 1,000 / 1,000 = 10.00", Decimal(-10), Decimal(100), Decimal(90)),
        ("Refund", "10.00000 × 100 / 1,000 = 1.00000", Decimal(1), Decimal(90), Decimal(91)),
    ]
    page = unescape(response.content.decode())
    assert "10.00000 × 100 / 1,000 = 1.00000" in page
    assert "900 of 1,000 delivered" in page
    assert "$9.00" in page  # paid in all


@pytest.mark.parametrize(
    ("kind", "text", "tone"),
    [
        (EventKind.REFILL, "Refill requested", "warn"),
        (EventKind.REFILL, "Refill accepted by the provider", "info"),
        (EventKind.REFILL, "Refill completed", "good"),
        (EventKind.REFILL, "Refill rejected: it was completed before", "bad"),
        (EventKind.CANCEL, "Cancellation rejected: too late", "bad"),
        (EventKind.ENDED, "Ended: Completed", "good"),
        (EventKind.ENDED, "Ended: Partial", "warn"),
        (EventKind.ENDED, "Ended: Canceled", "idle"),
    ],
)
def test_the_dot_of_an_event_tells_its_state(
    client: Client, user: User, kind: EventKind, text: str, tone: str
) -> None:
    order = make_order(user=user)
    order.record(kind=kind, text=text, now=NOW)

    dots = re.findall(r'<li data-tone="(\w+)">', page_of(client, order))

    assert dots == [tone]


def test_timeline_shows_public_events_alone_and_nobodys_name(client: Client, user: User) -> None:
    order = make_order(user=user)
    staff = make_user(email="secret.staff@example.com")
    order.record(kind=EventKind.ACCEPTED, text="Accepted by the supplier", now=NOW, actor=staff)
    order.record(
        kind=EventKind.HELD,
        text="our balance there is empty",
        now=NOW,
        is_internal=True,
    )
    order.record(
        kind=EventKind.STATUS,
        text="Now <b>busy</b>",
        now=NOW,
        detail={"raw": "the provider said"},
    )

    page = client.get(f"/orders/{order.pk}").content.decode()

    assert "Accepted by the supplier" in page
    assert "Now &lt;b&gt;busy&lt;/b&gt;" in page
    assert "our balance there is empty" not in page
    assert "secret.staff" not in page
    assert "the provider said" not in page


def test_cost_provider_and_upstream_id_are_not_the_customers_business(
    client: Client, user: User
) -> None:
    service = make_service(cost="0.77777777", price="1.20")
    order = make_order(user=user, service=service, status=Status.RUNNING, upstream_id="987654321")

    page = page_of(client, order)

    assert service.provider.name not in page
    assert "0.77" not in page
    assert "987654321" not in page


@pytest.mark.parametrize(
    ("link", "is_clickable"),
    [
        ("https://example.com/a", True),
        ("javascript:alert(1)", False),
        ("@me", False),
        ("data:text/html,x", False),
    ],
)
def test_only_web_addresses_can_be_clicked(
    client: Client, user: User, link: str, is_clickable: bool
) -> None:
    order = make_order(user=user, link=link)

    page = page_of(client, order)

    assert (
        f'<a class="link" href="{link}" rel="noopener noreferrer nofollow"' in page
    ) == is_clickable
    assert (f'href="{link}"' in page) == is_clickable


def test_hostile_link_is_shown_as_text(client: Client, user: User) -> None:
    order = make_order(
        user=user, link='https://x.example/"onmouseover="alert(1)"><script>alert(1)</script>'
    )

    page = client.get(f"/orders/{order.pk}").content.decode()

    assert "<script>alert" not in page
    assert '"onmouseover="' not in page


@pytest.mark.parametrize("status", [Status.UNCLEAR, Status.HELD])
def test_order_that_is_not_placed_after_ten_minutes_says_that_it_is_looked_after(
    client: Client, user: User, status: Status
) -> None:
    young = make_order(user=user, status=status, now=timezone.now() - timedelta(minutes=9))
    old = make_order(user=user, status=status, now=timezone.now() - timedelta(minutes=11))

    assert "We are checking this order with the supplier" not in page_of(client, young)
    assert "We are checking this order with the supplier" in page_of(client, old)
    assert ">Pending</span>" in page_of(client, old)


def test_page_refreshes_while_it_can_change_and_then_stops(client: Client, user: User) -> None:
    running = make_order(user=user, status=Status.RUNNING)
    completed = make_order(user=user, status=Status.COMPLETED)

    assert f'hx-get="/orders/{running.pk}" hx-trigger="refresh"' in page_of(client, running)
    assert 'hx-trigger="refresh"' not in page_of(client, completed)


def test_refresh_is_the_same_fragment_without_the_frame(client: Client, user: User) -> None:
    order = make_order(user=user, status=Status.RUNNING)

    fragment = client.get(f"/orders/{order.pk}", headers={"HX-Request": "true"}).content.decode()

    assert fragment.strip().startswith('<div class="stack" id="order"')
    assert "<html" not in fragment


def test_refill_button_asks_for_a_refill_once(client: Client, user: User) -> None:
    order = make_order(user=user, service=make_service(is_refill=True), status=Status.COMPLETED)

    first = client.post(f"/orders/{order.pk}/refill", follow=True)
    second = client.post(f"/orders/{order.pk}/refill")

    assert first.redirect_chain == [(f"/orders/{order.pk}", 302)]
    assert f"Refill of order {order.pk} requested." in first.content.decode()
    assert f'action="/orders/{order.pk}/refill"' not in first.content.decode()
    assert second.status_code == 422
    assert "A refill of this order is under way." in second.content.decode()
    refill = Refill.objects.get()
    assert (refill.order, refill.requested_by, refill.state) == (
        order,
        user,
        RequestState.REQUESTED,
    )


def test_refill_that_is_not_offered_says_so(client: Client, user: User) -> None:
    order = make_order(user=user, service=make_service(is_refill=False), status=Status.COMPLETED)

    response = client.post(f"/orders/{order.pk}/refill")

    assert response.status_code == 422
    assert "This service has no refill." in response.content.decode()
    assert not Refill.objects.exists()


def test_rejected_refill_shows_why_and_opens_again(client: Client, user: User) -> None:
    order = make_order(user=user, service=make_service(is_refill=True), status=Status.COMPLETED)
    Refill.objects.create(
        order=order,
        provider=order.provider,
        requested_by=user,
        requested_at=NOW,
        state=RequestState.REJECTED,
        reason="Nothing has dropped",
        ended_at=NOW,
    )

    page = page_of(client, order)

    assert "Nothing has dropped" in page
    assert f'action="/orders/{order.pk}/refill"' in page


def test_cancel_asks_once_more_and_changes_nothing_yet(client: Client, user: User) -> None:
    order = make_order(user=user, service=make_service(price="1.20"))

    page = unescape(client.get(f"/orders/{order.pk}/cancel").content.decode())

    assert "It ends at once and 1.20 USD is refunded to your balance" in page
    order.refresh_from_db()
    assert order.status == Status.WAITING


def test_cancel_of_an_order_that_was_not_sent_refunds_it_in_full_once(
    client: Client, user: User
) -> None:
    order = make_order(user=user, service=make_service(price="1.20"))

    first = client.post(f"/orders/{order.pk}/cancel", follow=True)
    second = client.post(f"/orders/{order.pk}/cancel")

    assert f"Order {order.pk} canceled and refunded." in first.content.decode()
    assert second.status_code == 422
    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.CANCELED, Decimal("1.2"))
    assert Account.objects.get(owner=user).balance == 100
    assert user.wallet.movements.filter(kind=TransferKind.REFUND).count() == 1


def test_cancel_of_a_running_order_is_a_request_that_moves_no_money(
    client: Client, user: User
) -> None:
    order = make_order(user=user, service=make_service(is_cancel=True), status=Status.RUNNING)

    question = client.get(f"/orders/{order.pk}/cancel").content.decode()
    response = client.post(f"/orders/{order.pk}/cancel", follow=True)

    assert "We ask the supplier to stop it." in question
    assert f"Cancellation of order {order.pk} requested." in response.content.decode()
    assert Cancellation.objects.get().order == order
    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.RUNNING, Decimal(0))


def test_cancel_that_is_not_possible_says_so(client: Client, user: User) -> None:
    order = make_order(user=user, service=make_service(is_cancel=False), status=Status.RUNNING)

    asked = client.get(f"/orders/{order.pk}/cancel", follow=True)
    sent = client.post(f"/orders/{order.pk}/cancel")

    assert f"Order {order.pk} cannot be canceled at this point." in asked.content.decode()
    assert sent.status_code == 422
    assert "This service cannot be canceled once it has been sent." in sent.content.decode()
    assert not Cancellation.objects.exists()


@pytest.mark.parametrize("events", [1, 3])
def test_page_asks_the_database_a_fixed_number_of_times(
    client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries, events: int
) -> None:
    order = make_order(user=user, status=Status.RUNNING)
    for number in range(events):
        order.record(kind=EventKind.STATUS, text=f"Now {number}", now=NOW)

    with django_assert_num_queries(8):
        client.get(f"/orders/{order.pk}")
