"""The catalog's periodic task: every provider that is due, each by itself, one worker at a time."""

import zlib
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from catalog import tasks
from catalog.models import Provider, Service, SyncRun
from lib.advisory_locks import only_one
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def _at_once() -> Iterator[None]:
    """Run what is sent to the broker here and now."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.mark.usefixtures("_at_once")
def test_every_provider_that_is_due_is_synced_whatever_befalls_the_others(
    double: ProviderDouble,
) -> None:
    dead, paused, fresh, wanted = make_provider(), connect(double), connect(double), connect(double)
    now = timezone.now()
    Provider.objects.filter(pk=dead.pk).update(sealed_key=fresh.sealed_key)
    Provider.objects.filter(pk=paused.pk).update(paused_at=now, synced_at=now - timedelta(days=1))
    Provider.objects.filter(pk=fresh.pk).update(synced_at=now)
    Provider.objects.filter(pk=wanted.pk).update(synced_at=now, sync_wanted_at=now)

    tasks.sync_catalogs()

    outcomes = dict(SyncRun.objects.values_list("provider_id", "outcome"))
    assert outcomes == {dead.pk: "failed", paused.pk: "applied", wanted.pk: "applied"}
    assert Provider.objects.get(pk=wanted.pk).sync_wanted_at is None


def test_a_second_worker_leaves_a_sync_to_the_first(double: ProviderDouble) -> None:
    provider = connect(double)
    # another session holds the lock
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [_lock_number(provider)])

        tasks.sync_catalog(provider_id=provider.pk)

        assert not Service.objects.exists()
        assert double.journal().requests == ()
        # closing alone gives the lock back a moment later
        other.execute("SELECT pg_advisory_unlock_all()")
    tasks.sync_catalog(provider_id=provider.pk)
    assert Service.objects.exists()


def test_running_a_sync_twice_changes_nothing_more(double: ProviderDouble) -> None:
    provider = connect(double)

    tasks.sync_catalog(provider_id=provider.pk)
    before = list(Service.objects.order_by("pk").values())
    tasks.sync_catalog(provider_id=provider.pk)

    assert list(Service.objects.order_by("pk").values()) == before


def test_a_broker_that_is_gone_breaks_nothing(settings: Settings) -> None:
    provider = make_provider()
    settings.SYNC_EVERY = 5

    tasks.nudge_sync(provider_id=provider.pk)  # nothing listens at the tests' broker address


def test_the_lock_goes_with_its_block() -> None:
    with only_one("something") as first:
        assert first
    with only_one("something") as again:
        assert again


def _lock_number(provider: Provider) -> int:
    return zlib.crc32(f"panel:catalog:sync:{provider.pk}".encode())
