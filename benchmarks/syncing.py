"""Mirroring a catalog of 10,000 services: the first time, with 1 % changed, and unchanged."""

from itertools import count

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.__main__ import Measured, median_of
from catalog.models import Category, Provider, Service
from catalog.sync.sync import sync_provider
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble

SERVICES, SAMPLE = 10_000, 200  # the row-by-row habit is measured on a sample and scaled


def measure() -> list[Measured]:
    """Ours from the request to the commit, against `update_or_create` for each row, and against
    a bare read or COPY.
    """
    with ProviderDouble(services=SERVICES) as double:
        provider = connect(double)
        listed = double.services()
        ours_first = median_of(lambda: sync(provider), before=lambda: forget(provider), runs=3)
        names = count(1)

        def change() -> None:
            mark = next(names)
            for row in listed[: SERVICES // 100]:
                double.patch_service(row["service"], rate=f"{mark / 1000:.3f}")

        ours_changed = median_of(lambda: sync(provider), before=change, runs=3)
        ours_unchanged = median_of(lambda: sync(provider), runs=3)
        habit = median_of(lambda: save_each(provider), runs=3) * SERVICES / SAMPLE
        fetched = median_of(lambda: fetch(provider), runs=3)
        copied = median_of(copy_all, runs=3)
    return [
        Measured("sync 10,000 services, first", ours_first, habit, fetched + copied),
        Measured("sync 10,000 services, 1 % changed", ours_changed, habit, fetched),
        Measured("sync 10,000 services, unchanged", ours_unchanged, habit, fetched),
    ]


def sync(provider: Provider) -> None:
    """One sync, which must not be refused."""
    run = sync_provider(provider_id=provider.pk, now=timezone.now())
    if run.outcome not in {"applied", "unchanged"}:
        raise RuntimeError(run.message)


def forget(provider: Provider) -> None:
    """Begin with an empty shop."""
    provider.sync_runs.all().delete()
    Service.objects.filter(provider=provider).delete()
    Category.objects.all().delete()


def save_each(provider: Provider) -> None:
    """What other panels do, row by row."""
    for service in list(Service.objects.filter(provider=provider).order_by("pk")[:SAMPLE]):
        Service.objects.update_or_create(
            provider=provider,
            upstream_id=service.upstream_id,
            defaults={"rate": service.rate, "price": service.price},
        )


def fetch(provider: Provider) -> None:
    """The provider's answer alone, unread."""
    from catalog.provider_client import open_client

    with open_client(provider) as client:
        client.services()


def copy_all() -> None:
    """Writing as many rows as fast as the database can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT * FROM catalog_service")
