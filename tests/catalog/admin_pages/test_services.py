"""The admin's pages of services and categories."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from catalog.models import Category, Service
from catalog.prices.set_margin import set_margin
from tests.factories import NOW, make_category, make_provider, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]

URL = "/admin/services"


def values_of(service: Service, **changes: object) -> dict[str, object]:
    own = {
        "own_name": "",
        "own_description": "",
        "category": service.category_id,
        "position": 0,
        "refill_mode": "staff",
        "cancel_mode": "staff",
    }
    return own | changes


def save(client: Client, service: Service, **changes: object) -> int:
    return client.post(f"{URL}/{service.pk}", values_of(service, **changes)).status_code


def waiting(*, reason: str = "New", **fields: object) -> Service:
    service = make_service(**fields)  # type: ignore[arg-type]  # as the factory takes them
    Service.objects.filter(pk=service.pk).update(review_reason=reason)
    return service


def stored(service: Service) -> Service:
    return Service.objects.get(pk=service.pk)


def test_the_admins_words_and_modes_are_saved(client: Client) -> None:
    service = make_service(name="Theirs")

    status = save(
        client,
        service,
        own_name=" Our \n name ",
        own_description="Ours",
        position=3,
        is_hidden="on",
        refill_mode="automatic",
        cancel_mode="automatic",
    )

    saved = stored(service)
    assert status == 302
    assert (saved.name, saved.upstream_name, saved.description) == ("Our name", "Theirs", "Ours")
    assert (saved.position, saved.is_hidden) == (3, True)
    assert (saved.refill_mode, saved.cancel_mode) == ("automatic", "automatic")
    assert not saved.is_category_own


def test_another_category_is_the_admins_own_and_its_margin_prices_at_once(client: Client) -> None:
    service, category = make_service(cost="1"), make_category()
    set_margin(target=category, percent=Decimal(100), fixed=Decimal(0), actor=None, now=NOW)

    address = f"{URL}/{service.pk}"
    page = client.post(address, values_of(service, category=category.pk), follow=True)

    saved = stored(service)
    assert "Its price changed from 1.20 to 2.00 USD." in page.content.decode()
    assert (saved.category, saved.is_category_own, saved.price) == (category, True, Decimal(2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"own_name": "x" * 501}, "Use at most 500 characters."),
        ({"position": "first"}, "Enter a whole number."),
        ({"category": "999999"}, "Select a valid choice."),
        ({"refill_mode": "never"}, "Select a valid choice."),
        ({"free_per_day": "0"}, "Ensure this value is greater than or equal to 1."),
    ],
    ids=str,
)
def test_bad_input_is_named_and_changes_nothing(
    client: Client, changes: dict[str, object], message: str
) -> None:
    service = make_service()
    before = Service.objects.filter(pk=service.pk).values().get()

    response = client.post(f"{URL}/{service.pk}", values_of(service, **changes))

    assert response.status_code == 422
    assert message in response.content.decode()
    assert Service.objects.filter(pk=service.pk).values().get() == before


def test_a_service_is_sold_once_its_review_is_accepted(client: Client) -> None:
    service = waiting(reason="The rate changed from 1 to 9, by more than 3 times")

    page = client.get(f"{URL}/{service.pk}").content.decode()
    client.post(
        f"{URL}/{service.pk}", {"accept": "The rate changed from 1 to 9, by more than 3 times"}
    )

    assert "The rate changed from 1 to 9" in page
    assert stored(service).is_on_sale


def test_only_the_reason_that_was_read_is_accepted(client: Client) -> None:
    service = waiting(reason="The type changed")

    client.post(f"{URL}/{service.pk}", {"accept": "The rate changed from 1 to 9"})

    assert not stored(service).is_on_sale


def test_all_that_wait_under_a_filter_are_accepted_at_once(client: Client) -> None:
    provider = make_provider()
    ours = [waiting(provider=provider) for _ in range(3)]
    other = waiting()

    client.post(f"{URL}/accept", {"provider": provider.pk, "expected": "3"})

    assert [stored(service).is_on_sale for service in ours] == [True, True, True]
    assert not stored(other).is_on_sale


def test_nothing_is_accepted_where_more_wait_than_were_seen(client: Client) -> None:
    services = [waiting() for _ in range(3)]

    client.post(f"{URL}/accept", {"expected": "2"})

    assert not any(stored(service).is_on_sale for service in services)


def test_accepting_all_leaves_those_without_a_price(client: Client) -> None:
    priced, free = waiting(), waiting(cost="0", price="0")

    page = client.get(URL, {"state": "review"}).content.decode()
    client.post(f"{URL}/accept", {"expected": "1"})

    assert "Accept all 1<" in page
    assert "Those without a price are decided one by one." in page
    assert (stored(priced).is_on_sale, stored(free).review_reason) == (True, "New")


def test_a_service_without_a_price_cannot_be_accepted(client: Client) -> None:
    service = waiting(cost="0", price="0")

    page = client.get(f"{URL}/{service.pk}").content.decode()
    client.post(f"{URL}/{service.pk}", {"accept": "New"})

    assert "Not on sale without a price" in page
    assert "Accept and sell" not in page
    assert (stored(service).review_reason, stored(service).is_on_sale) == ("New", False)


def test_the_admin_sells_for_free_with_a_limit_per_customer_and_day(client: Client) -> None:
    service = waiting(cost="0", price="0")

    save(client, service, free_per_day="3")
    client.post(f"{URL}/{service.pk}", {"accept": "New"})

    assert (stored(service).free_per_day, stored(service).is_on_sale) == (3, True)
    assert "On sale, free" in client.get(f"{URL}/{service.pk}").content.decode()


def test_a_service_that_lost_its_price_without_a_sync_is_listed_for_review(client: Client) -> None:
    service = make_service(cost="0", price="0", name="Priceless")

    page = client.get(URL, {"state": "review"}).content.decode()
    provider_page = client.get(f"/admin/providers/{service.provider_id}").content.decode()
    providers = client.get("/admin/providers").content.decode()

    assert "Priceless" in page
    assert "No price</span>" in page
    review = f"?state=review&amp;provider={service.provider_id}"
    assert f'{review}">1</a>' in provider_page
    assert f'{review}">1</a>' in providers


@pytest.mark.parametrize("expected", ["", "0", "some", "-1"])
def test_nothing_is_accepted_without_a_number_that_was_seen(client: Client, expected: str) -> None:
    service = waiting()

    client.post(f"{URL}/accept", {"expected": expected})

    assert not stored(service).is_on_sale


def test_no_sync_comes_between_counting_and_accepting(client: Client) -> None:
    waiting()

    with CaptureQueriesContext(connection) as queries:
        client.post(f"{URL}/accept", {"expected": "1"})

    sent = [
        query["sql"]
        for query in queries
        if "catalog_service" in query["sql"] or "advisory" in query["sql"]
    ]
    assert [sql.split()[0] for sql in sent] == ["SELECT", "SELECT", "UPDATE"]
    assert "pg_advisory_xact_lock" in sent[0]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("all", {"sold", "review", "hidden", "unsellable", "withdrawn"}),
        ("sale", {"sold"}),
        ("review", {"review"}),
        ("hidden", {"hidden"}),
        ("unsellable", {"unsellable"}),
        ("withdrawn", {"withdrawn"}),
    ],
)
def test_the_list_is_narrowed_by_state(client: Client, state: str, found: set[str]) -> None:
    changes: dict[str, dict[str, object]] = {
        "sold": {},
        "review": {"review_reason": "New"},
        "hidden": {"is_hidden": True},
        "unsellable": {"is_sellable": False},
        "withdrawn": {"withdrawn_at": NOW},
    }
    for name, change in changes.items():
        Service.objects.filter(pk=make_service(name=f"name-{name}").pk).update(
            own_name=f"name-{name}", **change
        )

    text = client.get(URL, {"state": state}).content.decode()

    assert {name for name in changes if f"<bdi>name-{name}</bdi>" in text} == found


def test_the_list_is_narrowed_by_words_and_provider(client: Client) -> None:
    provider = make_provider()
    make_service(provider=provider, name="Likes fast")
    make_service(provider=provider, name="Views")
    make_service(name="Likes elsewhere")

    text = client.get(f"{URL}?q=likes&provider={provider.pk}").content.decode()

    assert "Likes fast" in text
    assert "Views" not in text
    assert "Likes elsewhere" not in text


def test_a_filter_that_makes_no_sense_is_named(client: Client) -> None:
    assert client.get(URL, {"provider": "x"}).status_code == 422


def test_hostile_names_are_shown_as_text(client: Client) -> None:  # pitfall 31
    service = make_service(name="<script>alert(1)</script>")

    for url in (URL, f"{URL}/{service.pk}"):
        text = client.get(url).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "<script>alert" not in text


def test_a_category_is_renamed_and_placed(client: Client) -> None:
    category = make_category(name="Theirs")

    response = client.post(
        f"/admin/categories/{category.pk}", {"own_name": "Ours", "position": "5"}
    )

    saved = Category.objects.get(pk=category.pk)
    assert response.status_code == 302
    assert (saved.name, saved.upstream_name, saved.position) == ("Ours", "Theirs", 5)


def test_a_category_without_a_place_is_refused(client: Client) -> None:
    category = make_category()

    response = client.post(f"/admin/categories/{category.pk}", {"own_name": "Ours", "position": ""})

    assert response.status_code == 422
    assert Category.objects.get(pk=category.pk).own_name == ""


@pytest.mark.parametrize("services", [1, 3])
def test_the_list_asks_few_questions_however_many_rows(
    client: Client, services: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(services):
        make_service()

    # session, user, balance, inbox, count, rows, unknown types, 2 selects
    with django_assert_num_queries(9):
        client.get(URL)
