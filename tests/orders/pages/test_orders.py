"""The list of a customer's orders."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.lifecycle.end import cancel_in_full
from orders.models import Order, Refill, RequestState, Status
from orders.pages.order_list import PAGE
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db

URL = "/orders"


@pytest.fixture
def user() -> User:
    return make_user(balance="10000")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, **query: str | int) -> list[int]:
    """The ids of the rows that the page shows, in its order."""
    response = client.get(URL, query)
    assert response.status_code == 200
    return [int(pk) for pk in re.findall(r'<tr id="order-(\d+)">', response.content.decode())]


def test_empty_list_leads_to_a_new_order(client: Client) -> None:
    page = client.get(URL).content.decode()

    assert "No orders yet" in page
    assert "<table" not in page


def test_row_shows_the_columns_of_the_trade(client: Client, user: User) -> None:
    order = make_order(
        user=user,
        service=make_service(name="Likes", price="1.20"),
        quantity=1500,
        status=Status.PARTIAL,
    )
    Order.objects.update(start_count=3572, remains=157)

    page = client.get(URL).content.decode()

    cells = re.findall(r'<td data-label="([\w ]+)"[^>]*>(.*?)</td>', page, re.DOTALL)
    assert {label: " ".join(re.sub(r"<[^>]+>", "", cell).split()) for label, cell in cells} == {
        "ID": str(order.pk),
        "Date": "2026-03-14 12:00",
        "Link": "example.com/page",
        "Charge": "$1.80",
        "Start count": "3,572",
        "Quantity": "1,500",
        "Service": f"{order.service_id} · Likes",
        "Status": "Partial",
        "Remains": "157",
    }


def test_newest_stand_first_and_others_orders_are_absent(client: Client, user: User) -> None:
    first, second = make_order(user=user), make_order(user=user)
    make_order()

    assert listed(client) == [second.pk, first.pk]


def test_tabs_hold_the_orders_that_read_so(client: Client, user: User) -> None:
    by_status: dict[Status, int] = {
        status: make_order(user=user, status=status).pk
        for status in Status
        if status != Status.CANCELED
    }
    canceled = make_order(user=user)
    cancel_in_full(order=canceled, text="refused", now=NOW)
    processing = make_order(user=user, status=Status.RUNNING)
    in_progress = make_order(user=user, status=Status.RUNNING)
    Order.objects.filter(pk=processing.pk).update(upstream_status="Processing")
    Order.objects.filter(pk=in_progress.pk).update(upstream_status="In progress")

    pending = [Status.WAITING, Status.SUBMITTING, Status.UNCLEAR, Status.HELD, Status.RUNNING]
    assert sorted(listed(client, tab="pending")) == sorted(by_status[status] for status in pending)
    assert listed(client, tab="processing") == [processing.pk]
    assert listed(client, tab="in-progress") == [in_progress.pk]
    assert listed(client, tab="completed") == [by_status[Status.COMPLETED]]
    assert listed(client, tab="partial") == [by_status[Status.PARTIAL]]
    assert listed(client, tab="canceled") == [canceled.pk]
    assert len(listed(client)) == 10


def test_unknown_tab_is_no_page(client: Client) -> None:
    assert client.get(URL, {"tab": "everything"}).status_code == 404


def test_search_finds_by_id_and_by_a_part_of_the_link(client: Client, user: User) -> None:
    photo = make_order(user=user, link="https://example.com/Photo_1")
    video = make_order(user=user, link="https://example.com/video")

    assert listed(client, q="photo_") == [photo.pk]
    assert listed(client, q=str(video.pk)) == [video.pk]
    assert listed(client, q="photo", tab="completed") == []
    assert listed(client, q="%") == []


@pytest.mark.parametrize(
    "text", ["\x00", "9" * 30, "'", "²", "\ud800".encode("utf-8", "replace").decode()]
)
def test_nonsense_is_only_not_found(client: Client, user: User, text: str) -> None:
    make_order(user=user)

    for query in ({"q": text}, {"before": text}, {"after": text}):
        assert client.get(URL, query).status_code == 200


def test_pages_go_back_and_forth_by_key(client: Client, user: User) -> None:
    service = make_service()
    ids = [make_order(user=user, service=service).pk for _ in range(PAGE * 2 + 1)][::-1]

    first = client.get(URL)
    assert listed(client) == ids[:PAGE]
    assert first.context["newer_url"] == ""
    assert first.context["older_url"] == f"/orders?before={ids[PAGE - 1]}"
    assert listed(client, before=ids[PAGE - 1]) == ids[PAGE : PAGE * 2]
    assert listed(client, before=ids[PAGE * 2 - 1]) == ids[PAGE * 2 :]
    assert client.get(URL, {"before": ids[PAGE * 2 - 1]}).context["older_url"] == ""
    assert listed(client, after=ids[PAGE]) == ids[:PAGE]
    assert listed(client, after=ids[PAGE * 2]) == ids[PAGE : PAGE * 2]


def test_pages_keep_tab_and_search(client: Client, user: User) -> None:
    service = make_service()
    for _ in range(PAGE + 1):
        make_order(user=user, service=service)

    older = client.get(URL, {"tab": "pending", "q": "example"}).context["older_url"]

    assert older.startswith("/orders?tab=pending&q=example&before=")


def test_refill_and_cancel_stand_only_on_rows_that_allow_them(client: Client, user: User) -> None:
    both = make_service(is_refill=True, is_cancel=True)
    waiting = make_order(user=user, service=make_service())
    running = make_order(user=user, service=both, status=Status.RUNNING)
    completed = make_order(user=user, service=both, status=Status.COMPLETED)
    refilling = make_order(user=user, service=both, status=Status.COMPLETED)
    Refill.objects.create(
        order=refilling,
        provider=refilling.provider,
        requested_by=user,
        requested_at=NOW,
        state=RequestState.RUNNING,
    )
    make_order(user=user, service=make_service(), status=Status.RUNNING)
    make_order(user=user, service=make_service(), status=Status.COMPLETED)

    page = client.get(URL).content.decode()

    assert re.findall(r'action="/orders/(\d+)/refill"', page) == [str(completed.pk)]
    assert re.findall(r'href="/orders/(\d+)/cancel"', page) == [str(running.pk), str(waiting.pk)]


def test_only_rows_that_can_change_are_asked_for_again(client: Client, user: User) -> None:
    running = make_order(user=user, status=Status.RUNNING)
    make_order(user=user, status=Status.COMPLETED)

    page = client.get(URL).content.decode()

    assert f'hx-get="/orders/live?ids={running.pk}"' in page


def test_nothing_is_asked_for_again_when_all_have_ended(client: Client, user: User) -> None:
    make_order(user=user, status=Status.COMPLETED)

    assert "hx-get" not in client.get(URL).content.decode()


def test_live_rows_are_the_customers_own(client: Client, user: User) -> None:
    own, foreign = make_order(user=user, status=Status.RUNNING), make_order(status=Status.RUNNING)

    page = client.get(
        f"{URL}/live", {"ids": f"{own.pk},{foreign.pk},x,{'9' * 30}"}
    ).content.decode()

    assert re.findall(r'<tr id="order-(\d+)" hx-swap-oob="true">', page) == [str(own.pk)]
    assert f'hx-get="/orders/live?ids={own.pk}"' in page


def test_live_rows_without_any_ask_no_more(client: Client) -> None:
    assert "hx-get" not in client.get(f"{URL}/live").content.decode()


def test_hostile_links_and_names_are_shown_as_text(client: Client, user: User) -> None:
    hostile = '"><script>alert(1)</script>'
    make_order(user=user, link=hostile, service=make_service(name=hostile))

    page = client.get(URL).content.decode()

    assert "<script>alert" not in page
    assert "<bdi>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page


@pytest.mark.parametrize("rows", [1, 3])
def test_page_asks_the_database_a_fixed_number_of_times(
    client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for _ in range(rows):
        make_order(user=user, status=Status.RUNNING)

    with django_assert_num_queries(6):
        client.get(URL)
