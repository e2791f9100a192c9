"""Types that a provider invents: not sold until mapped, synced as mapped, reverted."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from catalog.models import Provider, Service, TypeMapping
from catalog.sync.sync import sync_provider
from catalog.type_mappings import CannotMap, map_type, revert_mapping, types_of, unknown_types
from orders.forwarding.sweep import submit_due
from orders.lifecycle.costs import present_cost
from orders.models import Order
from orders.placing.place_order import NotOnSale, place_order
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ROW = {
    "service": 1,
    "name": "Likes",
    "type": "Default Custom",
    "rate": "1.00",
    "min": 10,
    "max": 1000,
}
ASKED = {"link": "https://example.com/p", "quantity": "100"}


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def provider(double: ProviderDouble) -> Provider:
    provider = connect(double)
    double.set_services(
        [
            ROW,
            {**ROW, "service": 2, "type": "default_custom"},
            {**ROW, "service": 3, "type": "Poll"},
        ]
    )
    sync(provider)
    return provider


def sync(provider: Provider) -> None:
    sync_provider(provider_id=provider.pk, now=timezone.now())


def sold_as(provider: Provider) -> list[tuple[str, str, str, bool]]:
    rows = Service.objects.filter(provider=provider).order_by("upstream_id")
    return list(rows.values_list("upstream_id", "type", "upstream_type", "is_sellable"))


def test_an_unknown_type_is_kept_and_told_and_not_sold(provider: Provider) -> None:
    told = [(one.provider_id, one.word, one.services) for one in unknown_types()]

    assert sold_as(provider) == [
        ("1", "Default Custom", "", False),
        ("2", "default_custom", "", False),
        ("3", "Poll", "", True),
    ]
    assert told == [(provider.pk, "Default Custom", 1), (provider.pk, "default_custom", 1)]
    with pytest.raises(NotOnSale):
        place_order(
            customer=make_user(balance="10"),
            service=Service.objects.get(upstream_id="1"),
            values=ASKED,
            now=NOW,
        )


def test_a_mapped_type_is_sold_at_once_and_forwarded(
    provider: Provider, admin: User, double: ProviderDouble
) -> None:
    map_type(provider=provider, word="DEFAULT custom", type_name="default", actor=admin, now=NOW)

    service = Service.objects.get(upstream_id="1")
    place_order(customer=make_user(balance="10"), service=service, values=ASKED, now=timezone.now())
    submit_due()

    assert (service.type, service.upstream_type, service.is_on_sale) == (
        "Default",
        "Default Custom",
        True,
    )
    assert [dict(placed.fields) for placed in double.placed()] == [ASKED]


def test_later_syncs_keep_the_mapping_for_changed_and_new_services(
    provider: Provider, admin: User, double: ProviderDouble
) -> None:
    map_type(provider=provider, word="Default Custom", type_name="Default", actor=admin, now=NOW)
    double.set_services([{**ROW, "name": "Renamed"}, {**ROW, "service": 9}])

    sync_provider(provider_id=provider.pk, now=timezone.now(), accepted_gone=5)

    listed = Service.objects.listed().filter(provider=provider).order_by("upstream_id")
    assert list(listed.values_list("upstream_name", "type", "upstream_type", "review_reason")) == [
        ("Renamed", "Default", "Default Custom", ""),
        ("Likes", "Default", "Default Custom", ""),
    ]


def test_the_mapping_of_one_provider_is_nobody_else_s(provider: Provider, admin: User) -> None:
    other = connect_again(provider)

    map_type(provider=other, word="Default Custom", type_name="Default", actor=admin, now=NOW)

    assert types_of(provider=provider) == {}
    assert not Service.objects.get(provider=provider, upstream_id="1").is_sellable


def connect_again(provider: Provider) -> Provider:
    return Provider.objects.create(
        name="Other", url=provider.url, sealed_key=provider.sealed_key, currency="USD"
    )


def test_a_reverted_mapping_takes_its_services_off_sale_at_once_and_for_later_syncs(
    provider: Provider, admin: User, double: ProviderDouble
) -> None:
    mapping = map_type(
        provider=provider, word="Default Custom", type_name="Default", actor=admin, now=NOW
    )

    done = [revert_mapping(mapping=mapping, actor=admin, now=NOW) for _ in range(2)]
    at_once = sold_as(provider)[0]
    double.set_services([{**ROW, "name": "Renamed"}])
    sync_provider(provider_id=provider.pk, now=timezone.now(), accepted_gone=5)

    assert done == [True, False]
    assert at_once == ("1", "Default Custom", "", False)
    assert sold_as(provider)[0] == ("1", "Default Custom", "", False)


def test_an_order_of_a_reverted_type_goes_on_as_what_it_was_sold_as(
    provider: Provider, admin: User
) -> None:
    mapping = map_type(
        provider=provider, word="Default Custom", type_name="Package", actor=admin, now=NOW
    )
    service = Service.objects.get(upstream_id="1")
    place_order(
        customer=make_user(balance="10"),
        service=service,
        values={"link": "@someone"},
        now=timezone.now(),
    )

    revert_mapping(mapping=mapping, actor=admin, now=NOW)

    order = Order.objects.select_related("service").get()
    assert (order.service_type, order.is_per_order, present_cost(order)) == (
        "Package",
        True,
        Decimal("1.00"),
    )


@pytest.mark.parametrize(
    ("word", "type_name", "problem"),
    [
        ("Poll", "Default", "is a known type"),
        ("Default Custom", "Telepathy", "one of the known types"),
        ("default custom", "Default", "is already mapped"),
    ],
)
def test_what_makes_no_sense_is_not_mapped(
    provider: Provider, admin: User, word: str, type_name: str, problem: str
) -> None:
    map_type(provider=provider, word="Default Custom", type_name="SEO", actor=admin, now=NOW)

    with pytest.raises(CannotMap, match=problem):
        map_type(provider=provider, word=word, type_name=type_name, actor=admin, now=NOW)

    assert TypeMapping.objects.count() == 1


def test_admin_pages_show_map_and_revert_a_type(provider: Provider, admin: User) -> None:
    client = signed_in(admin)
    listed = client.get("/admin/services").content.decode()
    page = client.get("/admin/types").content.decode()

    mapped = client.post(
        "/admin/types", {"provider": provider.pk, "word": "Default Custom", "type": "Default"}
    )
    mapping = TypeMapping.objects.get()
    after = client.get("/admin/types").content.decode()
    client.post(f"/admin/types/{mapping.pk}/revert")

    assert "Unknown type <bdi>Default Custom</bdi>: not sold until mapped" in listed
    assert "<bdi>Default Custom</bdi>" in page
    assert (mapped.status_code, mapping.mapped_by, mapping.type) == (302, admin, "Default")
    assert "Revert Default Custom" in after
    assert not Service.objects.get(upstream_id="1").is_sellable


@pytest.mark.parametrize(
    "values", [{"type": ""}, {"type": "Telepathy"}, {"provider": "999999"}, {"word": "Poll"}]
)
def test_bad_input_is_answered_422_and_maps_nothing(
    provider: Provider, admin: User, values: dict[str, str]
) -> None:
    form = {"provider": str(provider.pk), "word": "Default Custom", "type": "Default", **values}

    response = signed_in(admin).post("/admin/types", form)

    assert response.status_code == 422
    assert not TypeMapping.objects.exists()


def test_drip_feed_that_the_admin_set_outlives_syncs_until_it_is_taken_back(
    provider: Provider, admin: User, double: ProviderDouble
) -> None:
    client: Client = signed_in(admin)
    map_type(provider=provider, word="Default Custom", type_name="Default", actor=admin, now=NOW)
    service = Service.objects.get(upstream_id="1")
    form = {
        "category": service.category_id,
        "position": 0,
        "refill_mode": "staff",
        "cancel_mode": "staff",
    }
    states = []
    for said, name in (("on", "Renamed"), ("off", "Again"), ("", "Once more")):
        client.post(f"/admin/services/{service.pk}", {**form, "dripfeed": said})
        double.set_services(
            [{**ROW, "name": name, "dripfeed": said == "off"}, {**ROW, "service": 2}]
        )
        sync_provider(provider_id=provider.pk, now=timezone.now(), accepted_gone=5)
        service.refresh_from_db()
        states.append((service.upstream_name, service.is_dripfeed, service.is_dripfeed_own))

    assert states == [("Renamed", True, True), ("Again", False, True), ("Once more", False, False)]
