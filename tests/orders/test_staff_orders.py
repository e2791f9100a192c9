"""The staff's pages of orders: find any order, see all of it, decide what no machine decides."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from catalog.models import Provider, Service
from orders.models import AttemptState, Doubt, DoubtKind, Event, EventKind, HoldReason, Order, Status
from orders.timeline import raise_doubt, record
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service, make_user
from tests.orders.lanes import leave_attempt, make_lane

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def at_desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def make_unclear(service: Service | None = None, **fields: object) -> Order:
    order = make_order(service=service, status=Status.UNCLEAR, **fields)  # type: ignore[arg-type]  # as the factory
    attempt = leave_attempt(order, AttemptState.UNKNOWN)
    attempt.problem = "the reply names neither an order nor an error"
    attempt.http_status = 200
    attempt.reply = f"<b>maintenance</b> {HOSTILE}"
    attempt.save()
    return order


def decide(client: Client, order: Order, decision: str, **fields: str) -> tuple[int, str]:
    """Send a decision's form; status code, and the page that followed."""
    response = client.post(reverse("staff_order_decide", args=[order.pk, decision]), fields, follow=True)
    return (response.redirect_chain or [("", 0)])[0][1] or response.status_code, response.content.decode()


ADDRESSES = ["/staff/orders", "/staff/unclear", "/staff/orders/1"]
POSTS = ["/staff/orders/1/attach", "/staff/orders/1/resend", "/staff/orders/1/refund", "/staff/doubts/1/close"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_stranger_is_sent_to_the_log_in(client: Client, address: str) -> None:
    response = client.get(address)

    assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.django_db
@pytest.mark.parametrize("address", [*ADDRESSES, *POSTS])
def test_customer_is_refused(client: Client, address: str) -> None:
    client.force_login(make_user())

    codes = [client.get(address).status_code, client.post(address).status_code]

    assert codes == [403, 403]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_are_only_read(at_desk: Client, address: str) -> None:
    assert at_desk.post(address).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("address", POSTS)
def test_decisions_are_only_posted(at_desk: Client, address: str) -> None:
    assert at_desk.get(address).status_code == 405


@pytest.mark.django_db
def test_row_shows_customer_provider_and_what_the_order_earns(at_desk: Client) -> None:
    service = make_service(provider=make_provider(name="Upstream One"), cost="0.90", price="1.20")
    order = make_order(service=service, status=Status.RUNNING, upstream_id="23501", link="https://example.com/a")
    Order.objects.update(start_count=3572, remains=157)

    shown = page(at_desk, "/staff/orders")

    for text in (order.user.email, "Upstream One", "23501", "$1.20", "$0.90", "$0.30", "3,572", "157", "Running"):
        assert text in shown


@pytest.mark.django_db
def test_profit_counts_only_what_was_delivered(at_desk: Client) -> None:
    order = make_order(status=Status.RUNNING)
    Order.objects.filter(pk=order.pk).update(
        status=Status.PARTIAL, remains=500, refunded=Decimal("0.6"), ended_at=NOW, upstream_status=""
    )

    shown = page(at_desk, f"/staff/orders/{order.pk}")

    assert "$0.45" in shown
    assert "$0.15" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["{pk}", "{upstream_id}", "example.com/a-certain", "Certain@Example", " {upstream_id} "]
)
def test_order_is_found_by_id_upstream_id_link_and_e_mail(at_desk: Client, query: str) -> None:
    user = make_user(email="certain@example.com", balance="10")
    order = make_order(
        user=user, status=Status.RUNNING, upstream_id="987654321", link="https://example.com/a-certain-page"
    )
    other = make_order(link="https://example.com/other")
    text = query.format(pk=order.pk, upstream_id=order.upstream_id)

    shown = at_desk.get("/staff/orders", {"q": text}).content.decode()

    assert order.link in shown
    assert other.link not in shown


@pytest.mark.django_db
def test_orders_are_filtered_by_status_and_provider(at_desk: Client) -> None:
    service = make_service()
    wanted = make_order(service=service, status=Status.RUNNING, link="https://example.com/wanted")
    make_order(service=service, status=Status.COMPLETED, link="https://example.com/ended")
    make_order(status=Status.RUNNING, link="https://example.com/elsewhere")

    shown = at_desk.get("/staff/orders", {"status": "running", "provider": str(service.provider_id)}).content.decode()

    assert wanted.link in shown
    assert "/ended" not in shown
    assert "/elsewhere" not in shown
    assert f'<option value="{service.provider_id}" selected>' in shown


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"q": "\x00"}, {"status": "no such"}, {"provider": "x"}, {"before": "x"}])
def test_filter_that_makes_no_sense_is_left_out(at_desk: Client, asked: dict[str, str]) -> None:
    order = make_order(link="https://example.com/wanted")

    response = at_desk.get("/staff/orders", asked)

    assert (response.status_code, order.link in response.content.decode()) == (200, True)


@pytest.mark.django_db
def test_older_orders_are_on_the_next_page(at_desk: Client) -> None:
    service, user = make_service(), make_user(balance="100")
    orders = [make_order(user=user, service=service, link=f"https://example.com/no-{n}-") for n in range(51)]

    first = page(at_desk, "/staff/orders?status=waiting")
    second = page(at_desk, f"/staff/orders?status=waiting&before={orders[1].pk}")

    assert f"status=waiting&amp;before={orders[1].pk}" in first
    assert "/no-0-" not in first
    assert "/no-0-" in second
    assert "/no-1-" not in second


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_number_of_queries_for_any_number_of_orders(
    at_desk: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_order()
    with django_assert_num_queries(6):
        page(at_desk, "/staff/orders")


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_inbox_takes_the_same_number_of_queries_for_any_number_of_cases(
    at_desk: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        raise_doubt(order=make_unclear(), kind=DoubtKind.DUPLICATE_ID, text="twice", now=NOW)
    with django_assert_num_queries(8):
        page(at_desk, "/staff/unclear")


@pytest.mark.django_db
def test_order_page_shows_timeline_attempts_and_money_but_runs_nothing_of_the_providers(at_desk: Client) -> None:
    order = make_unclear(link=f"https://example.com/{HOSTILE}")
    record(
        order=order,
        kind=EventKind.UNCLEAR,
        text=f"Perhaps placed: {HOSTILE}",
        now=NOW,
        is_internal=True,
        detail={"reply": HOSTILE},
    )

    shown = page(at_desk, f"/staff/orders/{order.pk}")

    assert HOSTILE not in shown
    assert "Perhaps placed: &lt;script&gt;" in shown
    assert "&lt;b&gt;maintenance&lt;/b&gt;" in shown
    assert f"order:{order.pk}:charge" in shown
    assert "staff only" in shown
    assert order.provider.sealed_key not in shown


@pytest.mark.django_db
def test_unknown_order_is_not_found(at_desk: Client) -> None:
    codes = [
        at_desk.get("/staff/orders/1").status_code,
        at_desk.post("/staff/orders/1/refund", {"reason": "x"}).status_code,
        at_desk.post("/staff/doubts/1/close", {"reason": "x"}).status_code,
        at_desk.post(f"/staff/orders/{make_unclear().pk}/invented", {"reason": "x"}).status_code,
    ]

    assert codes == [404, 404, 404, 404]


@pytest.mark.django_db
def test_inbox_shows_unclear_held_and_doubtful_orders_oldest_first(at_desk: Client) -> None:
    running = make_order(status=Status.RUNNING)
    raise_doubt(order=running, kind=DoubtKind.NO_REMAINS, text="Partial, but how much?", now=NOW)
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
    assert f"Look for the link among {unclear.provider.name}’s orders" in shown.replace("&#x27;", "’")
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
    assert f"Order {order.pk} is canceled and refunded." in shown
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
    assert "This order is canceled by now: there is nothing to decide." in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decision", "fields", "message"),
    [
        ("refund", {}, "Reason: say why"),
        ("resend", {"reason": "  "}, "Reason: say why"),
        ("refund", {"reason": "x" * 301}, "at most 300 characters"),
        ("attach", {"reason": "found"}, "order id: enter it"),
        ("attach", {"reason": "found", "upstream_id": "1,2"}, "letters, digits, - and _ only"),
        ("settle", {"reason": "found", "status": "completed"}, "does not run any more"),
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
def test_attach_from_the_page_asks_the_provider_first(at_desk: Client, double: ProviderDouble) -> None:
    service = make_lane(double)
    order = make_unclear(service=service)
    [ours] = double.foreign_order(account="ours")

    refused, complaint = decide(at_desk, order, "attach", upstream_id="999999", reason="a guess")
    accepted, _ = decide(at_desk, order, "attach", upstream_id=str(ours.order), reason="same link")

    order.refresh_from_db()
    assert (refused, accepted) == (422, 302)
    assert "does not know order 999999" in complaint
    assert (order.status, order.upstream_id) == (Status.RUNNING, str(ours.order))


@pytest.mark.django_db
def test_doubt_is_closed_with_a_reason_once(at_desk: Client, staff: User) -> None:
    order = make_order(status=Status.RUNNING)
    raise_doubt(order=order, kind=DoubtKind.UNKNOWN_STATUS, text="What is “Frozen”?", now=NOW)
    doubt = Doubt.objects.get()
    address = reverse("staff_doubt_close", args=[doubt.pk])

    codes = [
        at_desk.post(address, {}).status_code,
        at_desk.post(address, {"reason": "it means pending"}).status_code,
        at_desk.post(address, {"reason": "again"}).status_code,
    ]

    doubt.refresh_from_db()
    order.refresh_from_db()
    assert codes == [422, 302, 422]
    assert (doubt.decision, doubt.closed_by, order.status) == ("it means pending", staff, Status.RUNNING)


@pytest.mark.django_db
def test_doubtful_running_order_is_ended_with_what_is_missing(at_desk: Client) -> None:
    order = make_order(status=Status.RUNNING, quantity=1000)
    raise_doubt(order=order, kind=DoubtKind.NO_REMAINS, text="how much?", now=NOW)

    missing, complaint = decide(at_desk, order, "settle", status="partial", undelivered="1001", reason="their page")
    ended, _ = decide(at_desk, order, "settle", status="partial", undelivered="250", reason="their page")

    order.refresh_from_db()
    assert (missing, ended) == (422, 302)
    assert "Remains must be a number from 0 to 1000" in complaint
    assert (order.status, order.remains, order.refunded) == (Status.PARTIAL, 250, Decimal("0.3"))
    assert not Doubt.objects.filter(closed_at=None).exists()


@pytest.mark.django_db
def test_paused_provider_says_so_beside_its_orders(at_desk: Client) -> None:
    order = make_order(status=Status.HELD)
    Order.objects.update(hold_reason=HoldReason.LOSS)
    Provider.objects.update(paused_at=NOW + timedelta(hours=1), pause_reason="Their site is down")

    assert "Paused: Their site is down" in page(at_desk, f"/staff/orders/{order.pk}")
