"""The admin's pages of syncs."""

import pytest
from django.test import Client

from catalog.models import Provider, Service, SyncOutcome, SyncRun
from catalog.sync.sync import sync_provider
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]

ROW = {
    "service": 1,
    "name": "Followers",
    "category": "Network",
    "rate": "0.90",
    "min": 50,
    "max": 10_000,
}


def refused_run(double: ProviderDouble) -> SyncRun:
    """A sync that would have withdrawn 4 of 10 services."""
    double.set_services([{**ROW, "service": number} for number in range(1, 11)])
    provider = connect(double)
    sync_provider(provider_id=provider.pk, now=NOW)
    double.remove_services(1, 2, 3, 4)
    return sync_provider(provider_id=provider.pk, now=NOW)


def test_a_change_set_is_shown_field_by_field_as_text(
    client: Client, double: ProviderDouble
) -> None:
    double.set_services([{**ROW, "service": number} for number in range(1, 5)])
    provider = connect(double)
    sync_provider(provider_id=provider.pk, now=NOW)
    double.patch_service(1, name="<script>alert(1)</script>", rate="0.95")
    run = sync_provider(provider_id=provider.pk, now=NOW)

    text = client.get(f"/admin/syncs/{run.pk}").content.decode()

    assert "<bdi>0.9</bdi>" in text
    assert "<bdi>0.95</bdi>" in text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in text
    assert "<script>alert" not in text
    assert "Apply anyway" not in text


def test_a_refused_sync_is_explained_and_applied_once_agreed_to(
    client: Client, double: ProviderDouble
) -> None:
    run = refused_run(double)

    shown = client.get(f"/admin/syncs/{run.pk}").content.decode()
    response = client.post(f"/admin/syncs/{run.pk}/accept")
    sync_provider(provider_id=run.provider_id, now=NOW)

    assert "4 of 10 services are missing" in shown
    assert "Apply anyway: withdraw up to 4 services" in shown
    assert (response.status_code, response["Location"]) == (
        302,
        f"/admin/providers/{run.provider_id}",
    )
    assert Service.objects.listed().count() == 6


def test_agreeing_to_four_is_not_agreeing_to_ten(client: Client, double: ProviderDouble) -> None:
    run = refused_run(double)
    client.post(f"/admin/syncs/{run.pk}/accept")
    double.set_services([])

    again = sync_provider(provider_id=run.provider_id, now=NOW)

    assert again.outcome == SyncOutcome.REFUSED
    assert Service.objects.listed().count() == 10
    assert Provider.objects.get(pk=run.provider_id).accepted_gone is None


def test_rows_that_never_were_ours_are_not_among_those_agreed_to(
    client: Client, double: ProviderDouble
) -> None:
    run = refused_run(double)
    junk = [{**ROW, "service": number, "rate": "NaN"} for number in range(100, 130)]
    double.set_services([*({**ROW, "service": number} for number in range(5, 11)), *junk])
    run = sync_provider(provider_id=run.provider_id, now=NOW)

    client.post(f"/admin/syncs/{run.pk}/accept")

    assert (run.outcome, run.skipped, run.lost) == (SyncOutcome.REFUSED, 30, 4)
    assert Provider.objects.get(pk=run.provider_id).accepted_gone == 4


def test_an_old_refusal_can_no_longer_be_agreed_to(client: Client, double: ProviderDouble) -> None:
    run = refused_run(double)
    sync_provider(provider_id=run.provider_id, now=NOW)

    client.post(f"/admin/syncs/{run.pk}/accept")

    assert Provider.objects.get(pk=run.provider_id).accepted_gone is None
    assert "newer sync" in client.get(f"/admin/syncs/{run.pk}").content.decode()


def test_an_applied_sync_cannot_be_agreed_to(client: Client, double: ProviderDouble) -> None:
    provider = connect(double)
    run = sync_provider(provider_id=provider.pk, now=NOW)

    client.post(f"/admin/syncs/{run.pk}/accept")

    assert Provider.objects.get(pk=provider.pk).accepted_gone is None


def test_the_list_of_syncs_has_pages(client: Client, double: ProviderDouble) -> None:
    provider = connect(double)
    SyncRun.objects.bulk_create(
        SyncRun(provider=provider, started_at=NOW, finished_at=NOW, outcome=SyncOutcome.UNCHANGED)
        for _ in range(51)
    )
    oldest = SyncRun.objects.order_by("pk").values_list("pk", flat=True)[0]

    first = client.get("/admin/syncs").content.decode()
    second = client.get(f"/admin/syncs?before={oldest + 1}").content.decode()

    assert f'href="?before={oldest + 1}"' in first
    assert f'href="/admin/syncs/{oldest}"' not in first
    assert f'href="/admin/syncs/{oldest}"' in second
