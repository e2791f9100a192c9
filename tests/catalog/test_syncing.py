"""One sync against a real provider: what it writes, what it leaves alone, what it refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import margins
from catalog.models import Category, ExchangeRate, Provider, Service, ServiceChange, SyncOutcome, SyncRun
from catalog.syncing import EVERYTHING, Overtaken, sync_provider
from tests.double.handle import ProviderDouble
from tests.factories import NOW
from tests.upstreaming import connect

pytestmark = pytest.mark.django_db

ROW = {"service": 1, "name": "Followers", "category": "Network", "rate": "0.90", "min": 50, "max": 10_000}


def sync(provider: Provider, *, accepted_gone: int | None = None) -> SyncRun:
    return sync_provider(provider_id=provider.pk, now=NOW, accepted_gone=accepted_gone)


def changes(run: SyncRun) -> list[tuple[str, str, str, str]]:
    return list(
        ServiceChange.objects.filter(run=run)
        .order_by("upstream_id", "what")
        .values_list("upstream_id", "what", "before", "after")
    )


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{**ROW, "service": number, "name": f"Service {number}"} for number in numbers]


def figures(run: SyncRun) -> dict[str, int]:
    names = ("listed", "created", "changed", "withdrawn", "returned", "skipped", "held")
    return {name: number for name in names if (number := getattr(run, name))}


def test_first_sync_puts_the_whole_catalog_on_sale_with_the_default_margin(double: ProviderDouble) -> None:
    run = sync(connect(double))

    listed = double.services()
    assert run.outcome == SyncOutcome.APPLIED
    assert figures(run) == {"listed": len(listed), "created": len(listed)}
    assert Service.objects.count() == len(listed)
    services = {service.upstream_id: service for service in Service.objects.select_related("margin_rule")}
    for row in listed:
        service = services[str(row["service"])]
        assert service.rate == service.cost == Decimal(row["rate"])
        assert service.price == service.rate * Decimal("1.25")
        assert service.margin_rule is not None
        assert service.margin_rule.scope == "all"
        assert (service.min_quantity, service.max_quantity) == (row["min"], row["max"])
        assert (service.is_refill, service.is_cancel) == (row["refill"], row["cancel"])
        assert service.type == row["type"]
        assert service.is_on_sale == (row["type"] != "Subscriptions")


def test_services_stand_in_the_order_of_the_providers_list(double: ProviderDouble) -> None:
    double.set_services(
        [
            {**ROW, "service": 9, "category": "B"},
            {**ROW, "service": 3, "category": "A"},
            {**ROW, "service": 5, "category": "B"},
        ]
    )

    sync(connect(double))

    assert [service.upstream_id for service in Service.objects.all().in_shop_order()] == ["9", "5", "3"]


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
    margins.set_margin(target=service, percent=Decimal(100), fixed=Decimal(0), actor=None, now=NOW)
    double.patch_service(1, name="Theirs", category="Moved", rate="1.00", description="Their words")

    run = sync(provider)

    found = Service.objects.filter(pk=service.pk).values(*own).get()
    service.refresh_from_db()
    assert found == own
    assert service.upstream_name == "Theirs"
    assert service.upstream_description == "Their words"
    assert service.price == Decimal("2.00")
    assert run.held == 0


@pytest.mark.parametrize("rate", ["2.71", "0.29"])
def test_a_price_that_leaps_goes_off_sale_until_the_admin_has_looked(
    double: ProviderDouble, rate: str
) -> None:  # pitfall 24
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate=rate)

    run = sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert not service.is_on_sale
    assert run.held == 1
    assert ("1", "held", "", f"The rate went from 0.9 to {rate}: more than 3 times") in changes(run)
    assert service.rate == Decimal(rate)


def test_a_rise_in_cost_raises_the_price_in_the_same_sync(double: ProviderDouble) -> None:  # pitfall 24
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate="1.80")

    sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert (service.cost, service.price) == (Decimal("1.80"), Decimal("2.25"))
    assert service.is_on_sale


@pytest.mark.parametrize("mode", ["html200", "http500", "truncated", "empty"])
def test_a_reply_that_is_no_catalog_changes_nothing(double: ProviderDouble, mode: str) -> None:  # pitfall 25
    provider = connect(double)
    sync(provider)
    before = list(Service.objects.order_by("pk").values())
    double.fault("services", mode)

    run = sync(provider)

    assert run.outcome == SyncOutcome.FAILED
    assert run.message
    assert double.key not in run.message
    assert list(Service.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("shape", ["list", "status_data"])
def test_an_empty_catalog_is_refused(double: ProviderDouble, shape: str) -> None:  # pitfall 25
    provider = connect(double)
    sync(provider)
    number = Service.objects.on_sale().count()
    double.set_services([])
    double.dialect(empty=shape)

    run = sync(provider)

    assert run.outcome == SyncOutcome.REFUSED
    assert run.message.startswith("The provider's list is empty")
    assert Service.objects.on_sale().count() == number


def test_a_short_catalog_is_refused_and_applied_when_a_person_agrees(double: ProviderDouble) -> None:  # pitfall 25
    double.set_services(rows(*range(1, 11)))
    provider = connect(double)
    sync(provider)
    double.remove_services(1, 2, 3, 4)

    refused = sync(provider)
    listed_after_refusal = Service.objects.listed().count()
    still_refused = sync(provider, accepted_gone=3)
    applied = sync(provider, accepted_gone=4)

    assert refused.outcome == still_refused.outcome == SyncOutcome.REFUSED
    assert refused.message.startswith("4 of 10 services are missing")
    assert listed_after_refusal == 10
    assert applied.outcome == SyncOutcome.APPLIED
    assert Service.objects.listed().count() == 6


def test_what_the_admin_agreed_to_on_the_page_holds_for_one_sync(double: ProviderDouble) -> None:
    double.set_services(rows(*range(1, 11)))
    provider = connect(double)
    sync(provider)
    double.remove_services(1, 2, 3, 4)
    Provider.objects.filter(pk=provider.pk).update(accepted_gone=4)

    run = sync(provider)

    assert run.outcome == SyncOutcome.APPLIED
    assert Provider.objects.get(pk=provider.pk).accepted_gone is None


def test_even_an_empty_list_can_be_accepted(double: ProviderDouble) -> None:
    provider = connect(double)
    sync(provider)
    double.set_services([])

    run = sync(provider, accepted_gone=EVERYTHING)

    assert run.outcome == SyncOutcome.APPLIED
    assert Service.objects.listed().count() == 0


def test_a_withdrawn_service_goes_off_sale_and_comes_back(double: ProviderDouble) -> None:  # pitfall 26
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


@pytest.mark.parametrize(
    "other",
    [{"type": "Package"}, {"name": "Something else", "category": "Elsewhere"}],
    ids=["type", "name and category"],
)
def test_an_id_reused_for_something_else_is_not_sold(
    double: ProviderDouble, other: dict[str, str]
) -> None:  # pitfall 26
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, **other)

    run = sync(provider)

    assert run.held == 1
    assert not Service.objects.get(upstream_id="1").is_on_sale


def test_package_rates_are_marked_up_per_order(double: ProviderDouble) -> None:  # pitfall 27
    double.set_services([{**ROW, "type": "Package", "rate": "4.50", "min": 1, "max": 1}])

    sync(connect(double))

    service = Service.objects.get()
    assert service.price == Decimal("5.625")
    assert service.type == "Package"


def test_a_type_that_nobody_knows_is_mirrored_but_not_sold(double: ProviderDouble) -> None:
    double.set_services([*rows(1), {**ROW, "service": 2, "type": "Subscriptions"}])
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


def test_rows_that_cannot_be_read_are_skipped_and_told(double: ProviderDouble) -> None:
    provider = connect(double)
    double.dialect(broken_rows=True, duplicate_ids=True)

    run = sync(provider)

    skipped = ServiceChange.objects.filter(run=run, what="skipped")
    assert run.outcome == SyncOutcome.APPLIED
    assert run.skipped == skipped.count() > 0
    assert "came more than once" in run.message


def test_a_known_service_whose_rate_is_no_price_is_left_as_it_is(double: ProviderDouble) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate="NaN")

    run = sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert service.is_on_sale
    assert service.price == Decimal("1.125")
    assert changes(run) == [("1", "skipped", "", "the rate is not a price")]


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
def test_every_dialect_gives_the_same_mirror(double: ProviderDouble, dialect: dict[str, object]) -> None:
    provider = connect(double)
    sync(provider)
    double.dialect(**dialect)

    run = sync(provider)

    assert run.outcome == SyncOutcome.UNCHANGED
    assert changes(run) == []


def test_a_providers_currency_is_reckoned_in_ours(double: ProviderDouble) -> None:
    double.set_services(rows(1))
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(currency="EUR")
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("1.10"))

    sync(provider)

    service = Service.objects.get()
    assert (service.rate, service.cost, service.price) == (Decimal("0.90"), Decimal("0.99"), Decimal("1.2375"))


def test_without_an_exchange_rate_nothing_is_asked_and_the_run_says_why(double: ProviderDouble) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(currency="EUR")

    run = sync(provider)

    assert (run.outcome, run.message) == (SyncOutcome.FAILED, "no exchange rate is known from EUR to USD")
    assert double.journal().requests == ()


def test_a_provider_that_refuses_connections_fails_the_run_alone(double: ProviderDouble) -> None:
    provider = connect(double)
    double.refuse_connections()

    run = sync(provider)

    assert run.outcome == SyncOutcome.FAILED
    assert Provider.objects.get(pk=provider.pk).synced_at is None


def test_a_key_sealed_elsewhere_is_told_apart(double: ProviderDouble) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(sealed_key="gibberish")

    run = sync(provider)

    assert run.outcome == SyncOutcome.FAILED
    assert "enter it anew" in run.message


def test_an_older_list_never_overwrites_a_newer_one(double: ProviderDouble) -> None:
    provider = connect(double)

    def let_another_sync_pass(step: str) -> None:
        if step == "applying":
            sync_provider(provider_id=provider.pk, now=NOW + timedelta(seconds=1))

    with pytest.raises(Overtaken):
        sync_provider(provider_id=provider.pk, now=NOW, report=let_another_sync_pass)

    assert SyncRun.objects.count() == 1


def test_two_providers_may_use_the_same_ids_and_categories(double: ProviderDouble) -> None:
    double.set_services(rows(1))

    sync(connect(double))
    sync(connect(double))

    assert list(Service.objects.values_list("upstream_id", flat=True)) == ["1", "1"]
    assert Category.objects.count() == 1


def test_hostile_texts_are_kept_as_text(double: ProviderDouble) -> None:  # pitfall 31
    double.set_services(
        [
            {
                **ROW,
                "name": "<script>alert(1)</script>&lt;img src=x&gt;\u202e\x00",
                "category": "<b>bold</b>",
                "description": "x" * 50_000,
            }
        ]
    )

    sync(connect(double))

    service = Service.objects.select_related("category").get()
    assert service.name == "<script>alert(1)</script><img src=x>"
    assert service.category.name == "<b>bold</b>"
    assert len(service.description) == 10_000


def test_old_runs_that_changed_nothing_are_forgotten(double: ProviderDouble) -> None:
    provider = connect(double)
    sync(provider)
    sync(provider)

    run = sync_provider(provider_id=provider.pk, now=NOW + timedelta(days=31))

    outcomes = [run.outcome for run in SyncRun.objects.order_by("pk")]
    assert outcomes == [SyncOutcome.APPLIED, SyncOutcome.UNCHANGED]
    assert run.started_at == NOW + timedelta(days=31)
