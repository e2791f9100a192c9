"""The catalog's periodic task: every provider that is due, each by itself, one worker at a time."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from celery import Celery, current_app
from django.db import connection
from django.utils import timezone
from redis import Redis

from catalog import tasks
from catalog.models import Provider, Service, SyncRun
from panel.embedded import Valkey
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


def test_nudged_sync_is_queued_for_a_worker(valkey: Valkey) -> None:
    del valkey
    broker = Redis(unix_socket_path=urlsplit(str(current_app.conf.broker_url)).path, db=0)
    broker.flushall()

    tasks.nudge_sync(provider_id=17)

    [message] = map(json.loads, broker.lrange("misc", 0, -1))
    broker.close()
    assert message["headers"]["task"] == "catalog.tasks.sync_catalog"
    assert message["headers"]["kwargsrepr"] == "{'provider_id': 17}"


def test_nudge_without_a_broker_is_logged_and_raises_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with _broker_that_refuses(), caplog.at_level("WARNING", logger="catalog.tasks"):
        tasks.nudge_sync(provider_id=17)

    assert len(caplog.records) == 1


@contextmanager
def _broker_that_refuses() -> Iterator[None]:
    """Messages go through a Celery app whose broker is a port where nobody listens."""
    usual = current_app._get_current_object()
    app = Celery("alone")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = "redis://127.0.0.1:9/0"
    try:
        yield
    finally:
        usual.set_current()
        app.close()


def _lock_number(provider: Provider) -> int:
    return zlib.crc32(f"panel:catalog:sync:{provider.pk}".encode())
