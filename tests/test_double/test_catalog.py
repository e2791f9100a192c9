"""The catalog looks like a real one."""

from collections import Counter
from decimal import Decimal

from tests.double.catalog import make_catalog
from tests.double.handle import ProviderDouble
from tests.double.service_types import KINDS
from tests.test_double.conftest import Ask


def test_every_documented_type_is_on_sale_in_the_usual_catalog() -> None:
    types = Counter(service.type for service in make_catalog(count=60, seed=1))

    assert set(types) == {kind.name for kind in KINDS.values()}
    assert types["Default"] == 40


def test_a_large_catalog_has_the_real_shares() -> None:
    services = make_catalog(count=5000, seed=2)

    shares = {
        name: round(number / 50)
        for name, number in Counter(service.type for service in services).items()
    }
    assert (shares["Default"], shares["Package"], shares["Custom Comments"]) == (88, 7, 3)
    assert len({service.service for service in services}) == 5000
    with_emoji = sum(ord(service.name[-1]) > 0x2000 for service in services) / 5000
    assert 0.55 < with_emoji < 0.63
    assert any("&amp;amp;" in service.name for service in services)
    assert all(Decimal(service.rate) > 0 and service.min <= service.max for service in services)


def test_the_same_seed_makes_the_same_catalog() -> None:
    assert make_catalog(count=50, seed=3) == make_catalog(count=50, seed=3)
    assert make_catalog(count=50, seed=3) != make_catalog(count=50, seed=4)


def test_every_service_of_the_catalog_can_be_bought(provider: ProviderDouble, ask: Ask) -> None:
    extra = {
        "comments": "\n".join("abcdefgh"),
        "usernames": "\n".join(f"user{number}" for number in range(1000)),
        "keywords": "a",
        "hashtags": "#a",
        "hashtag": "a",
        "username": "a",
        "media": "https://example.com/m",
        "answer_number": "1",
        "groups": "a",
        "country": "US",
        "device": "5",
        "type_of_traffic": "3",
        "delay": "0",
    }
    for service in provider.services():
        fields = {
            **extra,
            "link": "x",
            "quantity": service["min"],
            "min": service["min"],
            "max": service["max"],
        }
        answer = ask("add", service=service["service"], **fields).json()
        assert list(answer) == ["order"], (service, answer)


def test_services_can_be_replaced_patched_and_removed(provider: ProviderDouble, ask: Ask) -> None:
    provider.set_services([{"service": 1}, {"service": 2, "min": "5"}])
    provider.patch_service(1, rate="7.5", name="Dearer")
    provider.remove_services(2)
    provider.patch_service(9, name="New")

    rows = ask("services").json()

    assert [(row["service"], row["name"], row["rate"], row["min"]) for row in rows] == [
        (1, "Dearer", "7.5", "50"),
        (9, "New", "0.90", "50"),
    ]
    provider.reset()
    assert len(ask("services").json()) == 60
