"""Drip-feed where the catalog says yes, no or nothing: the provider's setting decides."""

from itertools import product

import pytest
from django.utils import timezone

from accounts.models import Role, User
from catalog.dripfeed import takes_dripfeed
from catalog.models import DripfeedMode, Provider, Service
from catalog.providers import change_provider
from catalog.sync.sync import sync_provider
from catalog.type_mappings import map_type
from orders.forwarding.sweep import submit_due
from orders.placing.check_fields import FieldErrors
from orders.placing.place_order import place_order
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ROW = {"service": 1, "name": "Likes", "type": "Default", "rate": "1.50", "min": 10, "max": 1000}
TOLD_YES, TOLD_NO, PACKAGE, ODD, TRAFFIC = "2", "3", "4", "5", "6"
SILENT = "1"
ROWS = [
    ROW,
    {**ROW, "service": 2, "dripfeed": True},
    {**ROW, "service": 3, "dripfeed": False},
    {**ROW, "service": 4, "type": "Package"},
    {**ROW, "service": 5, "type": "Odd"},
    {**ROW, "service": 6, "type": "Web Traffic"},
]
LISTED, ASSUMED, NONE = DripfeedMode
ASKED = {"link": "https://example.com/p", "quantity": "100", "runs": "3", "interval": "60"}


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def provider(double: ProviderDouble) -> Provider:
    provider = connect(double)
    double.set_services(ROWS)
    sync(provider)
    return provider


def sync(provider: Provider) -> None:
    sync_provider(provider_id=provider.pk, now=timezone.now())


def forget(*upstream_ids: str) -> None:
    """Do as if the catalog had said nothing of these services."""
    Service.objects.filter(upstream_id__in=upstream_ids).update(is_dripfeed_listed=None)


def choose(provider: Provider, mode: str) -> None:
    provider.refresh_from_db()
    change_provider(
        provider=provider,
        name=provider.name,
        url=provider.url,
        key="",
        is_probe_allowed=False,
        is_review_first=False,
        is_idempotent=False,
        is_429_unclear=False,
        dripfeed=mode,
        now=timezone.now(),
    )


def dripped() -> set[str]:
    return set(
        Service.objects.listed().filter(is_dripfeed=True).values_list("upstream_id", flat=True)
    )


def test_the_rule_of_one_service_and_the_statement_for_all_agree(provider: Provider) -> None:
    for mode, is_listed in product(DripfeedMode, (True, False, None)):
        Service.objects.update(is_dripfeed_listed=is_listed, is_dripfeed=mode == NONE)
        Provider.objects.update(dripfeed=NONE if mode != NONE else LISTED)

        choose(provider, mode)

        services = list(Service.objects.order_by("pk"))
        assert [service.is_dripfeed for service in services] == [
            takes_dripfeed(mode=mode, type_name=service.type, is_listed=is_listed)
            for service in services
        ], (mode, is_listed)


def test_the_setting_decides_at_once_where_the_catalog_is_silent(provider: Provider) -> None:
    forget(SILENT, PACKAGE, ODD, TRAFFIC)
    found = {}
    for mode in (ASSUMED, NONE, LISTED):
        choose(provider, mode)
        found[mode] = dripped()

    assert found == {ASSUMED: {SILENT, TOLD_YES}, NONE: set(), LISTED: {TOLD_YES}}


def test_a_catalog_without_the_field_is_sold_in_runs_where_the_provider_takes_them(
    double: ProviderDouble, provider: Provider
) -> None:
    double.set_services([{**ROW, "dripfeed": True}, {**ROW, "service": 4, "type": "Package"}])
    double.dialect(plain_services=True)
    sync_provider(provider_id=provider.pk, now=timezone.now(), accepted_gone=9)
    service = Service.objects.get(upstream_id=SILENT)
    customer = make_user(balance="10")
    assert (service.is_dripfeed_listed, service.is_dripfeed) == (None, False)
    with pytest.raises(FieldErrors):
        place_order(customer=customer, service=service, values=ASKED, now=timezone.now())

    choose(provider, ASSUMED)
    service.refresh_from_db()
    place_order(customer=customer, service=service, values=ASKED, now=timezone.now())
    submit_due()
    double.set_services([{**ROW, "name": "New", "service": 9}, ROW])
    sync_provider(provider_id=provider.pk, now=timezone.now(), accepted_gone=9)

    assert [dict(placed.fields) for placed in double.placed()] == [ASKED]
    assert dripped() == {SILENT, "9"}


def test_what_the_admin_set_for_a_service_outlives_the_setting(provider: Provider) -> None:
    Service.objects.filter(upstream_id=TOLD_NO).update(is_dripfeed=True, is_dripfeed_own=True)
    Service.objects.filter(upstream_id=TOLD_YES).update(is_dripfeed=False, is_dripfeed_own=True)
    forget(SILENT)

    choose(provider, ASSUMED)
    assert dripped() == {SILENT, TOLD_NO}
    choose(provider, NONE)
    assert dripped() == {TOLD_NO}


def test_a_mapped_type_takes_what_its_known_type_takes(provider: Provider, admin: User) -> None:
    forget(ODD)
    choose(provider, ASSUMED)
    assert ODD not in dripped()

    map_type(provider=provider, word="Odd", type_name="Default", actor=admin, now=NOW)

    assert ODD in dripped()


def test_the_admin_chooses_on_the_providers_page(provider: Provider, admin: User) -> None:
    forget(SILENT)
    client = signed_in(admin)
    form = {"name": provider.name, "url": provider.url, "key": "", "dripfeed": "assumed"}

    page = client.get(f"/admin/providers/{provider.pk}").content.decode()
    saved = client.post(f"/admin/providers/{provider.pk}", form)
    wrong = client.post(f"/admin/providers/{provider.pk}", {**form, "dripfeed": "maybe"})

    provider.refresh_from_db()
    assert "All default services, unless the catalog says no" in page
    assert (saved.status_code, wrong.status_code) == (302, 422)
    assert provider.dripfeed == ASSUMED
    assert SILENT in dripped()
