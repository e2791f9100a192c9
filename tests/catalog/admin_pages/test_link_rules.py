"""The admin's pages of link rules."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Role
from catalog.models import LinkRule
from tests.factories import NOW, make_category, make_service, make_user, signed_in

pytestmark = pytest.mark.django_db
URL = "/admin/links"


@pytest.fixture
def client() -> Client:
    return signed_in(make_user(role=Role.ADMIN, email="admin@example.com"))


def fields(**more: object) -> dict[str, object]:
    return {"hosts": "", "target": "", "check_mode": "warn", **more}


def rules() -> list[tuple[object, ...]]:
    return list(
        LinkRule.objects.order_by("pk").values_list(
            "service", "category", "hosts", "target", "are_names_allowed", "check_mode", "is_learnt"
        )
    )


def test_a_rule_is_added_for_a_service_and_for_a_category(client: Client) -> None:
    service, category = make_service(name="Likes"), make_category(name="Photos")

    sites = "https://www.Instagram.com/p/1, vm.tiktok.com pinterest.*"
    client.post(URL, fields(service_id=service.pk, hosts=sites, target="post"))
    client.post(URL, fields(category_id=category.pk, are_names_allowed="on", check_mode="reject"))

    assert rules() == [
        (service.pk, None, "instagram.com vm.tiktok.com pinterest.*", "post", False, "warn", False),
        (None, category.pk, "", "", True, "reject", False),
    ]
    page = client.get(URL).content.decode()
    assert "Likes" in page
    assert "Photos" in page
    assert "admin@example.com" in page


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "Enter a service ID or choose a category."),
        ({"service_id": 1, "category_id": 1}, "Enter a service ID or choose a category."),
        ({"service_id": 999_999}, "No service has this ID."),
        ({"service_id": 1, "hosts": "not/a site"}, "“not/a” is not a site."),
        ({"service_id": 1, "hosts": "localhost"}, "“localhost” is not a site."),
        ({"service_id": 1, "check_mode": "shout"}, "Select a valid choice."),
        ({"service_id": 1, "target": "moon"}, "Select a valid choice."),
    ],
    ids=["nothing", "both", "unknown", "not a host", "no dot", "mode", "target"],
)
def test_bad_input_is_named_and_stores_nothing(
    client: Client, more: dict[str, object], message: str
) -> None:
    service = make_service()
    known = {"service_id": service.pk, "category_id": service.category_id}
    values = {name: known[name] if value == 1 else value for name, value in more.items()}

    response = client.post(URL, fields(**values))

    assert response.status_code == 422
    assert message in response.content.decode()
    assert rules() == []


def test_a_second_rule_is_refused_but_a_learnt_one_is_replaced(client: Client) -> None:
    service = make_service()
    LinkRule.objects.create(service=service, hosts="a.example", is_learnt=True, updated_at=NOW)

    assert client.post(URL, fields(service_id=service.pk, hosts="b.example")).status_code == 302
    assert client.post(URL, fields(service_id=service.pk, hosts="c.example")).status_code == 422

    assert rules() == [(service.pk, None, "b.example", "", False, "warn", False)]


def test_a_learnt_rule_that_is_saved_is_the_admins_and_one_can_be_removed(client: Client) -> None:
    service = make_service()
    rule = LinkRule.objects.create(
        service=service, hosts="a.example", is_learnt=True, updated_at=NOW
    )
    address = f"{URL}/{rule.pk}"
    assert "Learnt from accepted orders" in client.get(address).content.decode()

    client.post(address, fields(hosts="a.example b.example", check_mode="off"))
    assert rules() == [(service.pk, None, "a.example b.example", "", False, "off", False)]
    assert client.post(address, fields(hosts="!")).status_code == 422
    client.post(address, {"remove": "1"})

    assert rules() == []


def test_pages_of_service_and_category_lead_to_their_rules(client: Client) -> None:
    service = make_service()

    assert f'href="{URL}?service={service.pk}"' in (
        client.get(f"/admin/services/{service.pk}").content.decode()
    )
    assert f'href="{URL}?category={service.category_id}"' in (
        client.get(f"/admin/categories/{service.category_id}").content.decode()
    )
    assert f'value="{service.pk}"' in client.get(f"{URL}?service={service.pk}").content.decode()


def test_a_rule_is_of_one_thing_and_a_learnt_one_only_warns() -> None:
    service = make_service()
    for values in (
        {},
        {"service": service, "category": service.category},
        {"service": service, "is_learnt": True, "check_mode": "reject"},
        {"category": service.category, "is_learnt": True},
    ):
        with pytest.raises(IntegrityError, match="link_rule_"), transaction.atomic():
            LinkRule.objects.create(updated_at=NOW, **values)
