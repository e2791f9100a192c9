"""Staff's pages of orders: who may see them, the list, one order."""

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from orders.models import EventKind, Order, Status
from tests.factories import NOW, make_order, make_provider, make_service, make_user
from tests.orders.staff_pages.unclear_orders import HOSTILE, make_unclear, page

ADDRESSES = ["/staff/orders", "/staff/unclear", "/staff/orders/1"]
POSTS = [
    "/staff/orders/1/attach",
    "/staff/orders/1/resend",
    "/staff/orders/1/refund",
    "/staff/doubts/1/close",
]


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.fixture
def at_desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.mark.django_db
def test_row_shows_customer_provider_and_what_the_order_earns(at_desk: Client) -> None:
    service = make_service(provider=make_provider(name="Upstream One"), cost="0.90", price="1.20")
    order = make_order(
        service=service, status=Status.RUNNING, upstream_id="23501", link="https://example.com/a"
    )
    Order.objects.update(start_count=3572, remains=157)

    shown = page(at_desk, "/staff/orders")

    for text in (
        order.user.email,
        "Upstream One",
        "23501",
        "$1.20",
        "$0.90",
        "$0.30",
        "3,572",
        "157",
        "Running",
    ):
        assert text in shown


@pytest.mark.django_db
def test_profit_counts_only_what_was_delivered(at_desk: Client) -> None:
    order = make_order(status=Status.RUNNING)
    Order.objects.filter(pk=order.pk).update(
        status=Status.PARTIAL,
        remains=500,
        refunded=Decimal("0.6"),
        ended_at=NOW,
        upstream_status="",
    )

    shown = page(at_desk, f"/staff/orders/{order.pk}")

    assert "$0.45" in shown
    assert "$0.15" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["{pk}", "{upstream_id}", "example.com/a-certain", "Certain@Example", " {upstream_id} "],
)
def test_order_is_found_by_id_upstream_id_link_and_e_mail(at_desk: Client, query: str) -> None:
    user = make_user(email="certain@example.com", balance="10")
    order = make_order(
        user=user,
        status=Status.RUNNING,
        upstream_id="987654321",
        link="https://example.com/a-certain-page",
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

    shown = at_desk.get(
        "/staff/orders", {"status": "running", "provider": str(service.provider_id)}
    ).content.decode()

    assert wanted.link in shown
    assert "/ended" not in shown
    assert "/elsewhere" not in shown
    assert f'<option value="{service.provider_id}" selected>' in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked", [{"q": "\x00"}, {"status": "no such"}, {"provider": "x"}, {"before": "x"}]
)
def test_filter_that_makes_no_sense_is_left_out(at_desk: Client, asked: dict[str, str]) -> None:
    order = make_order(link="https://example.com/wanted")

    response = at_desk.get("/staff/orders", asked)

    assert (response.status_code, order.link in response.content.decode()) == (200, True)


@pytest.mark.django_db
def test_older_orders_are_on_the_next_page(at_desk: Client) -> None:
    service, user = make_service(), make_user(balance="100")
    orders = [
        make_order(user=user, service=service, link=f"https://example.com/no-{n}-")
        for n in range(51)
    ]

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
def test_order_page_shows_timeline_attempts_and_money_but_runs_nothing_of_the_providers(
    at_desk: Client,
) -> None:
    order = make_unclear(link=f"https://example.com/{HOSTILE}")
    order.record(
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
def test_counts_on_an_orders_page_are_grouped(at_desk: Client) -> None:
    order = make_order(status=Status.RUNNING)
    Order.objects.filter(pk=order.pk).update(start_count=25_969, remains=1_000)

    text = at_desk.get(f"/staff/orders/{order.pk}").content.decode()

    assert "25,969" in text
    assert "25969" not in text
    assert "1,000" in text
