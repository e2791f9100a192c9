"""One sync against a real provider: what it writes and what it leaves alone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Category, ExchangeRate, Provider, Service, SyncOutcome, SyncRun
from catalog.prices.set_margin import set_margin
from catalog.sync.sync import sync_provider
from tests.catalog.sync.sync_runs import ROW, changes, figures, rows, sync
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_first_sync_puts_the_whole_catalog_on_sale_with_the_default_margin(
    double: ProviderDouble,
) -> None:
    run = sync(connect(double))

    listed = double.services()
    assert run.outcome == SyncOutcome.APPLIED
    assert figures(run) == {"listed": len(listed), "created": len(listed)}
    assert Service.objects.count() == len(listed)
    services = {
        service.upstream_id: service for service in Service.objects.select_related("margin_rule")
    }
    for row in listed:
        service = services[str(row["service"])]
        assert service.rate == service.cost == Decimal(row["rate"])
        assert service.price == service.rate * Decimal("1.25")
        assert service.margin_rule is not None
        assert service.margin_rule.scope == "all"
        assert (service.min_quantity, service.max_quantity) == (row["min"], row["max"])
        assert (service.is_refill, service.is_cancel) == (row["refill"], row["cancel"])
        assert service.type == row["type"]
        assert service.is_on_sale


def test_services_stand_in_the_order_of_the_providers_list(double: ProviderDouble) -> None:
    double.set_services(
        [
            {**ROW, "service": 9, "category": "B"},
            {**ROW, "service": 3, "category": "A"},
            {**ROW, "service": 5, "category": "B"},
        ]
    )

    sync(connect(double))

    assert [service.upstream_id for service in Service.objects.all().in_shop_order()] == [
        "9",
        "5",
        "3",
    ]


def test_second_sync_of_the_same_list_changes_nothing(double: ProviderDouble) -> None:
    provider = connect(double)
    sync(provider)
    before = list(Service.objects.order_by("pk").values())

    run = sync_provider(provider_id=provider.pk, now=NOW + timedelta(hours=1))

    assert run.outcome == SyncOutcome.UNCHANGED
    assert figures(run) == {"listed": len(before)}
    assert list(Service.objects.order_by("pk").values()) == before
    assert Provider.objects.get(pk=provider.pk).synced_at == NOW + timedelta(hours=1)


def test_a_change_set_tells_what_moved_from_and_to(double: ProviderDouble) -> None:
    double.set_services(rows(1, 2, 3, 4, 5))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate="0.95", min=100)
    double.remove_services(5)
    double.patch_service(6, name="Likes", rate="2")

    run = sync(provider)

    assert figures(run) == {"listed": 5, "created": 1, "changed": 1, "withdrawn": 1}
    assert changes(run) == [
        ("1", "min", "50", "100"),
        ("1", "rate", "0.9", "0.95"),
        ("5", "gone", "", ""),
        ("6", "new", "", "Likes"),
    ]
    assert Service.objects.get(upstream_id="1").price == Decimal("1.1875")


def test_a_sync_is_a_few_statements_however_many_rows(
    double: ProviderDouble, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:  # pitfall 22: row by row
    double.set_services(rows(*range(1, 400)))
    provider = connect(double)

    with django_assert_max_num_queries(40):
        sync(provider)

    double.set_services([{**row, "rate": "1.00"} for row in rows(*range(1, 400))])
    with django_assert_max_num_queries(30):
        run = sync(provider)
    assert run.changed == 399


def test_what_the_admin_set_is_never_overwritten(double: ProviderDouble) -> None:  # pitfall 23
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    own_category = Category.objects.create(upstream_name="Best of")
    service = Service.objects.get(upstream_id="1")
    own = {
        "own_name": "Mine",
        "own_description": "My words",
        "position": 7,
        "category_id": own_category.pk,
        "is_category_own": True,
        "is_hidden": True,
        "refill_mode": "automatic",
        "cancel_mode": "automatic",
    }
    Service.objects.filter(pk=service.pk).update(**own)
    set_margin(target=service, percent=Decimal(100), fixed=Decimal(0), actor=None, now=NOW)
    double.patch_service(1, name="Theirs", category="Moved", rate="1.00", description="Their words")

    run = sync(provider)

    found = Service.objects.filter(pk=service.pk).values(*own).get()
    service.refresh_from_db()
    assert found == own
    assert service.upstream_name == "Theirs"
    assert service.upstream_description == "Their words"
    assert service.price == Decimal("2.00")
    assert run.held == 1  # name and category both moved: it may be another service by now


# pitfall 24
def test_a_rise_in_cost_raises_the_price_in_the_same_sync(double: ProviderDouble) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate="1.80")

    sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert (service.cost, service.price) == (Decimal("1.80"), Decimal("2.25"))
    assert service.is_on_sale


# pitfall 26
def test_a_withdrawn_service_goes_off_sale_and_comes_back(double: ProviderDouble) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    number = Service.objects.get(upstream_id="1").pk

    double.remove_services(1)
    sync(provider)
    was_on_sale = Service.objects.get(pk=number).is_on_sale
    double.patch_service(1, **{**ROW, "name": "Service 1"})
    run = sync(provider)

    assert not was_on_sale
    assert figures(run) == {"listed": 4, "returned": 1}
    assert Service.objects.get(upstream_id="1").pk == number
    assert Service.objects.get(pk=number).is_on_sale


def test_package_rates_are_marked_up_per_order(double: ProviderDouble) -> None:  # pitfall 27
    double.set_services([{**ROW, "type": "Package", "rate": "4.50", "min": 1, "max": 1}])

    sync(connect(double))

    service = Service.objects.get()
    assert service.price == Decimal("5.625")
    assert service.type == "Package"


def test_a_type_that_nobody_knows_is_mirrored_but_not_sold(double: ProviderDouble) -> None:
    double.set_services([*rows(1), {**ROW, "service": 2, "type": "Telepathy"}])
    provider = connect(double)
    sync(provider)
    Service.objects.filter(upstream_id="1").update(type="Telepathy", digest=b"")

    run = sync(provider)

    assert not Service.objects.get(upstream_id="2").is_on_sale
    assert run.held == 1


def test_new_services_wait_where_the_provider_is_reviewed_first(double: ProviderDouble) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(is_review_first=True)

    run = sync(provider)

    assert run.held == run.created > 0
    assert not Service.objects.on_sale().exists()


@pytest.mark.parametrize(
    "dialect",
    [
        {"bom": True, "content_type": "text/html"},
        {"php_warning": True},
        {"wrap": "data"},
        {"wrap": "services"},
        {"booleans": "yes_no", "types": "underscore", "rates": "eight", "limits": "text"},
        {"booleans": "digit_text", "types": "upper", "rates": "number", "ids": "text"},
    ],
    ids=str,
)
def test_every_dialect_gives_the_same_mirror(
    double: ProviderDouble, dialect: dict[str, object]
) -> None:
    provider = connect(double)
    sync(provider)
    double.dialect(**dialect)

    run = sync(provider)

    assert run.outcome == SyncOutcome.UNCHANGED
    assert changes(run) == []


def test_a_providers_currency_is_reckoned_in_ours(double: ProviderDouble) -> None:
    double.set_services(rows(1))
    double.dialect(currency="EUR")
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(currency="EUR")
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("1.10"))

    sync(provider)

    service = Service.objects.get()
    assert (service.rate, service.cost, service.price) == (
        Decimal("0.90"),
        Decimal("0.99"),
        Decimal("1.2375"),
    )


def test_two_providers_may_use_the_same_ids_and_categories(double: ProviderDouble) -> None:
    double.set_services(rows(1))

    sync(connect(double))
    sync(connect(double))

    assert list(Service.objects.values_list("upstream_id", flat=True)) == ["1", "1"]
    assert Category.objects.count() == 1


def test_old_runs_that_changed_nothing_are_forgotten(double: ProviderDouble) -> None:
    provider = connect(double)
    sync(provider)
    sync(provider)

    run = sync_provider(provider_id=provider.pk, now=NOW + timedelta(days=31))

    outcomes = [run.outcome for run in SyncRun.objects.order_by("pk")]
    assert outcomes == [SyncOutcome.APPLIED, SyncOutcome.UNCHANGED]
    assert run.started_at == NOW + timedelta(days=31)
