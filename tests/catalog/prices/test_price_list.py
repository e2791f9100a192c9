"""The price list as the API sends it: which services, in which form, kept until the catalog
changes.
"""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal

import brotli
import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from catalog.edit_service import change_service
from catalog.models import Category, PriceListVersion, Service
from catalog.prices import set_margin as prices_set_margin
from catalog.prices.price_list import PriceGroup, PriceList, write_list
from catalog.prices.price_list_cache import PriceLists, read_version
from lib.decimals import ungrouped
from tests.factories import NOW, make_category, make_service

pytestmark = pytest.mark.django_db

EVERYBODY = PriceGroup.EVERYBODY


def listed() -> list[int]:
    return [row["service"] for row in json.loads(write_list(EVERYBODY))]


def test_a_service_is_written_in_the_protocols_order_and_types() -> None:
    service = make_service(
        category=make_category(name="First Category"),
        name="Followers ★",
        price="0.90",
        min_quantity=50,
        max_quantity=10_000,
        is_refill=True,
    )

    assert write_list(EVERYBODY) == (
        b'[{"service":%d,"name":"Followers \\u2605","type":"Default",'
        b'"category":"First Category","rate":"0.90",'
        b'"min":"50","max":"10000","refill":true,"cancel":false}]' % service.pk
    )


def test_an_empty_shop_is_an_empty_list() -> None:
    assert write_list(EVERYBODY) == b"[]"


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("0.90000000", "0.90"),
        ("8", "8.00"),
        ("15000.00000000", "15000.00"),
        ("0.00100000", "0.001"),
        ("0.00000001", "0.00000001"),
        ("0E-8", "0.00"),
        ("1.2345", "1.2345"),
    ],
)
def test_a_rate_is_plain_digits(price: str, text: str) -> None:
    assert ungrouped(Decimal(price)) == text


def test_names_that_the_admin_gave_are_the_ones_that_customers_read() -> None:
    service = make_service()
    Service.objects.update(own_name="Ours", own_description="Never here")
    Category.objects.update(own_name="Our heading")

    [row] = json.loads(write_list(EVERYBODY))

    assert (row["service"], row["name"], row["category"]) == (service.pk, "Ours", "Our heading")


def test_only_what_can_be_bought_is_listed() -> None:
    sold = make_service()
    for unsold in (
        {"withdrawn_at": NOW},
        {"review_reason": "New"},
        {"is_hidden": True},
        {"is_sellable": False},
        {"type": "Invented by a provider"},
        {"cost": Decimal("1.21")},  # above the price
        {"type": "Subscriptions", "rate": Decimal(0)},  # posts that cost nothing cannot be counted
    ):
        Service.objects.filter(pk=make_service().pk).update(**unsold)

    assert listed() == [sold.pk]


def test_services_stand_in_shop_order() -> None:
    last, first = make_category(), make_category()
    Category.objects.filter(pk=last.pk).update(position=1)
    services = [
        make_service(category=last),
        make_service(category=first),
        make_service(category=first),
    ]
    Service.objects.filter(pk=services[1].pk).update(position=1)

    assert listed() == [services[2].pk, services[1].pk, services[0].pk]


def test_each_encoding_holds_the_same_list_and_has_a_mark_of_its_own() -> None:
    body = b'[{"service":1}]' * 100

    variants = PriceList.of(body).variants

    assert variants["identity"].body == body
    assert gzip.decompress(variants["gzip"].body) == body
    assert brotli.decompress(variants["br"].body) == body
    assert len({variant.etag for variant in variants.values()}) == 3
    assert variants == PriceList.of(body).variants
    assert variants["br"].etag != PriceList.of(body + b" ").variants["br"].etag


def test_a_list_that_is_kept_costs_one_query_about_its_version(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        make_service()
    lists = PriceLists()
    with django_assert_num_queries(3):  # the version, again under the lock, and the rows
        first = lists.current(group=EVERYBODY)

    with django_assert_num_queries(1):
        assert lists.current(group=EVERYBODY) is first


def rename_category() -> None:
    Category.objects.update(own_name="Another heading")


def set_margin() -> None:
    prices_set_margin.set_margin(
        target=None, percent=Decimal(50), fixed=Decimal(0), actor=None, now=NOW
    )


def hide() -> None:
    service = Service.objects.get()
    change_service(service=service, category=service.category, values={"is_hidden": True}, now=NOW)


def write_past_django() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_service SET max_quantity = max_quantity + 1")


@pytest.mark.parametrize(
    "change",
    [
        make_service,
        rename_category,
        set_margin,
        hide,
        write_past_django,
        lambda: Service.objects.all().delete(),
    ],
    ids=["new", "category", "margin", "hidden", "past Django", "gone"],
)
def test_every_change_of_the_catalog_is_in_the_next_list(change: Callable[[], object]) -> None:
    make_service(cost="1", price="1.25")
    lists = PriceLists()
    before = lists.current(group=EVERYBODY)

    change()

    after = lists.current(group=EVERYBODY)
    assert (
        after.variants["identity"].body == write_list(EVERYBODY) != before.variants["identity"].body
    )
    assert after.variants["br"].etag != before.variants["br"].etag


def test_a_change_that_customers_cannot_see_leaves_the_mark_alone() -> None:
    make_service()
    lists = PriceLists()
    before = lists.current(group=EVERYBODY)

    Service.objects.update(average_time="an hour")

    assert lists.current(group=EVERYBODY) is before


def test_without_a_version_nothing_is_kept() -> None:
    make_service()
    lists = PriceLists()
    PriceListVersion.objects.all().delete()
    assert read_version() is None
    lists.current(group=EVERYBODY)
    with connection.cursor() as cursor:  # the only way past the triggers
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE catalog_service SET is_hidden = true")
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert lists.current(group=EVERYBODY).variants["identity"].body == b"[]"
