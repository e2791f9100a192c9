"""`manage.py sync_catalog`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Service, SyncRun
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import make_provider

pytestmark = pytest.mark.django_db


def sync(**options: object) -> str:
    out = StringIO()
    try:
        call_command("sync_catalog", **options, stdout=out, stderr=out)
    except CommandError as error:
        out.write(f"failed: {error}")
    return out.getvalue()


def test_every_provider_is_synced_and_summed_up(double: ProviderDouble) -> None:
    connect(double, name="Acme")
    connect(double, name="Bolt")

    said = sync().splitlines()

    number = len(double.services())
    assert said[0].startswith(f"Acme: Applied · {number} listed, {number} created · ")
    assert said[1].startswith(f"Bolt: Applied · {number} listed, {number} created · ")
    assert Service.objects.count() == 2 * number


def test_one_provider_is_synced_by_its_name_in_any_case(double: ProviderDouble) -> None:
    connect(double, name="Acme")
    connect(double, name="Bolt")

    sync(provider="bOLT")

    assert [run.provider.name for run in SyncRun.objects.select_related("provider")] == ["Bolt"]


def test_a_second_sync_says_that_nothing_changed(double: ProviderDouble) -> None:
    connect(double, name="Acme")
    sync()

    assert sync().startswith("Acme: Nothing changed · ")


def test_a_refused_list_ends_with_an_error_and_can_be_accepted(double: ProviderDouble) -> None:
    connect(double, name="Acme")
    sync()
    double.set_services([])

    refused = sync()
    number = Service.objects.listed().count()
    accepted = sync(accept=True)

    assert refused.startswith("Acme: Rejected by the guard")
    assert "withdrawn" not in refused  # no figures of what was not done
    assert "The provider's list is empty" in refused
    assert refused.endswith("failed: 1 of 1 syncs failed.")
    assert number == len(Service.objects.all())
    assert accepted.startswith("Acme: Applied")
    assert Service.objects.listed().count() == 0


def test_a_provider_that_is_gone_does_not_stop_the_others(double: ProviderDouble) -> None:
    dead = make_provider(name="Dead")
    provider = connect(double, name="Acme")
    dead.sealed_key = provider.sealed_key
    dead.save()

    said = sync()

    assert said.startswith("Dead: The provider did not answer with a catalog")
    assert "Acme: Applied" in said
    assert said.endswith("failed: 1 of 2 syncs failed.")
    assert Service.objects.filter(provider=provider).exists()


def test_an_unknown_provider_is_answered_with_the_known_ones(double: ProviderDouble) -> None:
    connect(double, name="Acme")

    assert sync(provider="Nobody") == "failed: provider: none is named Nobody; there is Acme."


def test_without_a_provider_the_command_says_how_to_get_one() -> None:
    assert sync() == "failed: There is no provider yet. Add one with manage.py add_provider."


def test_the_key_is_in_nothing_that_is_said(double: ProviderDouble) -> None:
    connect(double, name="Acme")
    double.fault("services", "html200")

    assert double.key not in sync()
