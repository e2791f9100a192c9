"""Who may open the admin's pages of the catalog, and with which verbs."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from catalog.models import MarginRule, SyncOutcome, SyncRun
from tests.factories import NOW, make_service, make_user

pytestmark = pytest.mark.django_db

PAGES = [
    "admin_providers",
    "admin_provider_new",
    "admin_provider",
    "admin_syncs",
    "admin_sync",
    "admin_margins",
]
PAGES += ["admin_services", "admin_service", "admin_category"]
ACTS = ["admin_provider_pause", "admin_provider_resume", "admin_provider_sync", "admin_sync_accept"]
ACTS += ["admin_margin_remove", "admin_services_accept"]
WITHOUT_ID = {
    "admin_providers",
    "admin_provider_new",
    "admin_syncs",
    "admin_margins",
    "admin_services",
}
WITHOUT_ID |= {"admin_services_accept"}


def address(name: str) -> str:
    """The page's address, with a row behind every number."""
    if name in WITHOUT_ID:
        return reverse(name)
    service = make_service()
    run = SyncRun.objects.create(
        provider=service.provider, started_at=NOW, finished_at=NOW, outcome=SyncOutcome.REFUSED
    )
    rule = MarginRule.objects.create(scope="service", service=service, percent=5)
    pks = {
        "provider": service.provider_id,
        "sync": run.pk,
        "margin": rule.pk,
        "service": service.pk,
    }
    pks["category"] = service.category_id
    return reverse(name, args=[pks[name.split("_")[1]]])


@pytest.mark.parametrize("name", PAGES)
def test_admins_open_every_page(client: Client, name: str) -> None:
    client.force_login(make_user(role=Role.ADMIN))

    assert client.get(address(name)).status_code == 200


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STAFF])
@pytest.mark.parametrize("name", PAGES + ACTS)
def test_customers_and_staff_are_refused(client: Client, name: str, role: Role) -> None:
    client.force_login(make_user(role=role))

    assert client.get(address(name)).status_code == 403
    assert client.post(address(name)).status_code == 403


@pytest.mark.parametrize("name", PAGES + ACTS)
def test_strangers_are_sent_to_log_in(client: Client, name: str) -> None:
    url = address(name)

    for response in (client.get(url), client.post(url)):
        assert response.status_code == 302
        assert response["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("name", ACTS)
def test_acts_are_not_done_by_looking(client: Client, name: str) -> None:
    client.force_login(make_user(role=Role.ADMIN))

    assert client.get(address(name)).status_code == 405


@pytest.mark.parametrize("name", ["admin_providers", "admin_syncs", "admin_sync", "admin_services"])
def test_lists_take_no_post(client: Client, name: str) -> None:
    client.force_login(make_user(role=Role.ADMIN))

    assert client.post(address(name)).status_code == 405


@pytest.mark.parametrize("name", [name for name in PAGES + ACTS if name not in WITHOUT_ID])
def test_a_number_that_nothing_has_is_not_found(client: Client, name: str) -> None:
    client.force_login(make_user(role=Role.ADMIN))
    url = reverse(name, args=[999_999_999])

    response = client.get(url) if name in PAGES else client.post(url)

    assert response.status_code == 404
