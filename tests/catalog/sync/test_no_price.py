"""A sync that finds a service without a price: it waits for the admin, who may sell it for free."""

from decimal import Decimal

import pytest

from catalog.models import Service
from tests.catalog.sync.sync_runs import ROW, changes, rows, sync
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble

pytestmark = pytest.mark.django_db


def test_a_new_service_without_a_rate_waits_for_the_admin(double: ProviderDouble) -> None:
    double.set_services([{**ROW, "rate": "0"}, {**ROW, "service": 2}])
    provider = connect(double)

    run = sync(provider)

    free = Service.objects.get(upstream_id="1")
    reason = "No price: the provider lists it at a rate of 0"
    assert (free.review_reason, free.is_on_sale, run.held) == (reason, False, 1)
    assert list(Service.objects.on_sale().values_list("upstream_id", flat=True)) == ["2"]
    assert ("1", "held", "", reason) in changes(run)


def test_a_service_whose_rate_became_nothing_waits_and_is_not_sold_once_accepted(
    double: ProviderDouble,
) -> None:
    double.set_services(rows(1, 2, 3, 4))
    provider = connect(double)
    sync(provider)
    double.patch_service(1, rate="0.00")

    run = sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert (service.price, service.is_on_sale, run.held) == (Decimal(0), False, 1)
    Service.objects.filter(pk=service.pk).update(review_reason="")
    assert not Service.objects.on_sale().filter(pk=service.pk).exists()
    assert list(Service.objects.to_review()) == [service]


def test_a_service_that_is_free_by_choice_stays_so_at_a_sync(double: ProviderDouble) -> None:
    double.set_services([{**ROW, "rate": "0"}, *rows(2, 3)])
    provider = connect(double)
    sync(provider)
    Service.objects.filter(upstream_id="1").update(free_per_day=3, review_reason="")
    double.patch_service(1, max=20_000)

    sync(provider)

    service = Service.objects.get(upstream_id="1")
    assert (service.max_quantity, service.free_per_day, service.is_on_sale) == (20_000, 3, True)
