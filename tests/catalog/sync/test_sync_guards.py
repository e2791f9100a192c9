"""What a sync refuses, holds or leaves to a person: no catalog, leaps, reused ids, failures,
hostile words.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.edit_service import change_service
from catalog.models import Provider, Service, ServiceChange, SyncOutcome, SyncRun
from catalog.sync.sync import EVERYTHING, Overtaken, sync_provider
from tests.catalog.sync.sync_runs import ROW, changes, rows, sync
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_category

pytestmark = pytest.mark.django_db


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
    assert (
        "1",
        "held",
        "",
        f"The rate changed from 0.9 to {rate}, by more than 3 times",
    ) in changes(run)
    assert service.rate == Decimal(rate)


@pytest.mark.parametrize("mode", ["html200", "http500", "truncated", "empty"])
# pitfall 25
def test_a_reply_that_is_no_catalog_changes_nothing(double: ProviderDouble, mode: str) -> None:
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


# pitfall 25
def test_a_short_catalog_is_refused_and_applied_when_a_person_agrees(
    double: ProviderDouble,
) -> None:
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


# pitfall 26
def test_an_id_reused_under_a_category_of_the_admins_own_is_not_sold(
    double: ProviderDouble,
) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    ours = make_category(name="Ours")
    change_service(service=Service.objects.get(upstream_id="1"), category=ours, values={}, now=NOW)
    double.patch_service(1, name="Something else", category="Elsewhere")

    run = sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert run.held == 1
    assert not service.is_on_sale
    assert (service.category, service.upstream_category) == (ours, "Elsewhere")


def test_a_new_name_alone_is_no_other_service_whoever_chose_the_category(
    double: ProviderDouble,
) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    change_service(
        service=Service.objects.get(upstream_id="1"), category=make_category(), values={}, now=NOW
    )
    double.patch_service(1, name="Better words")

    run = sync(provider)

    assert changes(run) == [("1", "name", "Service 1", "Better words")]
    assert Service.objects.get(upstream_id="1").is_on_sale


def test_rows_that_cannot_be_read_are_skipped_and_told(double: ProviderDouble) -> None:
    provider = connect(double)
    double.dialect(broken_rows=True, duplicate_ids=True)

    run = sync(provider)

    skipped = ServiceChange.objects.filter(run=run, what="skipped")
    assert run.outcome == SyncOutcome.APPLIED
    assert run.skipped == skipped.count() > 0
    assert "appear more than once" in run.message


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


def test_without_an_exchange_rate_nothing_is_asked_and_the_run_says_why(
    double: ProviderDouble,
) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(currency="EUR")

    run = sync(provider)

    assert (run.outcome, run.message) == (
        SyncOutcome.FAILED,
        "no exchange rate is known from EUR to USD",
    )
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
    assert "enter it again" in run.message


def test_an_older_list_never_overwrites_a_newer_one(double: ProviderDouble) -> None:
    provider = connect(double)

    def let_another_sync_pass(step: str) -> None:
        if step == "applying":
            sync_provider(provider_id=provider.pk, now=NOW + timedelta(seconds=1))

    with pytest.raises(Overtaken):
        sync_provider(provider_id=provider.pk, now=NOW, report=let_another_sync_pass)

    assert SyncRun.objects.count() == 1


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
