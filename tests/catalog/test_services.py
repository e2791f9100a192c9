"""The page of services: what is sold, to whom it is shown, how it is narrowed."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Category, Service
from tests.factories import make_category, make_provider, make_service, make_user

pytestmark = pytest.mark.django_db

URL = "/services"


def page(client: Client, **query: str | int) -> str:
    response = client.get(URL, query)
    assert response.status_code == 200
    return response.content.decode()


def names(text: str) -> list[str]:
    return re.findall(
        r'data-label="Service" class="wrap[^"]*">\s*<div[^>]*>\s*<bdi>(.*?)</bdi>', text
    )


def test_services_stand_under_their_category_with_rate_and_limits(client: Client) -> None:
    category = make_category(name="Network Likes")
    service = make_service(
        category=category,
        name="Likes",
        price="1.25",
        min_quantity=50,
        max_quantity=10_000,
        is_refill=True,
    )
    Service.objects.filter(pk=service.pk).update(
        average_time="3 hours", upstream_description="Line 1\nLine 2"
    )

    text = page(client)

    assert "<bdi>Network Likes</bdi>" in text
    assert names(text) == ["Likes"]
    assert '$1.25 <span class="muted">per 1,000</span>' in text
    assert '<td data-label="Min" class="num">50</td>' in text
    assert '<td data-label="Max" class="num">10,000</td>' in text
    assert "<bdi>3 hours</bdi>" in text
    assert "Line 1\nLine 2" in text
    assert ">Refill</span>" in text
    assert ">Cancel</span>" not in text
    assert f'href="/order?service={service.pk}"' in text


def test_a_package_is_priced_per_order_and_has_no_limits(client: Client) -> None:
    make_service(type="Package", price="4.5", min_quantity=1, max_quantity=1)

    text = page(client)

    assert '$4.50 <span class="muted">per order</span>' in text
    assert '<td data-label="Max" class="num">–</td>' in text


def test_what_the_admin_named_is_what_customers_read(client: Client) -> None:
    service = make_service(name="Theirs")
    Service.objects.filter(pk=service.pk).update(own_name="Ours")
    Category.objects.filter(pk=service.category_id).update(own_name="Our category")

    text = page(client)

    assert names(text) == ["Ours"]
    assert "Our category" in text
    assert "Theirs" not in text


@pytest.mark.parametrize(
    "off_sale",
    [
        {"is_hidden": True},
        {"review_reason": "New"},
        {"withdrawn_at": "2026-01-01T00:00Z"},
        {"is_sellable": False},
    ],
    ids=str,
)
# pitfall 26
def test_what_is_not_on_sale_is_not_shown(client: Client, off_sale: dict[str, object]) -> None:
    service = make_service(name="Secret")
    Service.objects.filter(pk=service.pk).update(**off_sale)

    text = page(client)

    assert "Secret" not in text
    assert "No services found" in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("likes", ["Likes fast", "Likes slow"]),
        ("FAST likes", ["Likes fast"]),
        ("views video", ["Views"]),
        ("100%", []),
        ("nothing", []),
        ("", ["Likes fast", "Likes slow", "Views"]),
    ],
)
def test_words_narrow_by_name_and_category(client: Client, words: str, found: list[str]) -> None:
    category = make_category(name="Network")
    for name in ("Likes fast", "Likes slow"):
        make_service(category=category, name=name)
    make_service(category=make_category(name="Video"), name="Views")

    assert names(page(client, q=words)) == found


def test_a_number_finds_the_service_of_that_id(client: Client) -> None:
    make_service(name="Other")
    service = make_service(name="Wanted")

    assert "Wanted" in names(page(client, q=str(service.pk)))


def test_a_category_narrows(client: Client) -> None:
    make_service(name="Other")
    service = make_service(name="Wanted")

    assert names(page(client, category=service.category_id)) == ["Wanted"]


@pytest.mark.parametrize(
    "query",
    [{"category": "x"}, {"category": "999999"}, {"q": "x" * 101}, {"page": "-1"}, {"q": "\x00"}],
)
def test_a_filter_that_makes_no_sense_is_named_and_harmless(
    client: Client, query: dict[str, str]
) -> None:
    make_service(name="Likes")

    response = client.get(URL, query)

    assert response.status_code == 422
    assert "Likes" in response.content.decode()


def test_a_long_list_has_pages_that_keep_the_filter(client: Client) -> None:
    category = make_category()
    provider = make_provider()
    Service.objects.bulk_create(
        Service(
            provider=provider, category=category,
            upstream_id=str(number), upstream_name=f"Likes {number:03}",
            type="Default", rate=1, cost=1, price=1, min_quantity=1, max_quantity=9,
        )
        for number in range(1, 231)
    )  # fmt: skip

    first, last, beyond = (
        page(client, q="likes"),
        page(client, q="likes", page=3),
        page(client, q="likes", page=9),
    )

    assert names(first)[::99] == ["Likes 001", "Likes 100"]
    assert 'href="?q=likes&amp;page=2" rel="next"' in first
    assert "1–100 of 230" in first
    assert names(last) == names(beyond) == [f"Likes {number:03}" for number in range(201, 231)]
    assert 'rel="next"' not in last


@pytest.mark.parametrize("services", [1, 3])
def test_the_page_asks_few_questions_however_many_rows(
    client: Client, services: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(services):
        make_service()

    with django_assert_num_queries(3):  # categories, count, rows
        page(client)


def test_visitors_are_sent_to_log_in_where_services_are_not_public(
    client: Client, settings: Settings
) -> None:
    settings.ARE_SERVICES_PUBLIC = False
    make_service(name="Likes")

    response = client.get(URL)

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/services")
    client.force_login(make_user())
    assert names(page(client)) == ["Likes"]


def test_wrong_verb_is_refused(client: Client) -> None:
    assert client.post(URL).status_code == 405


def test_a_refresh_gets_the_same_rows_without_the_frame(client: Client) -> None:
    make_service(name="Likes")

    fragment = client.get(URL, headers={"HX-Request": "true"}).content.decode()

    assert fragment.strip() in page(client)
    assert "<html" not in fragment


def test_hostile_names_are_shown_as_text(client: Client) -> None:  # pitfall 31
    service = make_service(name='<script>alert(1)</script>" onx="')
    Service.objects.filter(pk=service.pk).update(
        upstream_description="</details><img src=x onerror=alert(1)>"
    )

    text = page(client)

    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onx=&quot;" in text


def test_neither_cost_nor_provider_is_shown_to_customers(client: Client) -> None:
    make_service(provider=make_provider(name="Secret Supplier"), cost="0.777", price="1")

    text = page(client)

    assert "Secret Supplier" not in text
    assert "0.777" not in text
