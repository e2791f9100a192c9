"""Runs a sync and tells what it changed."""

from catalog.models import Provider, ServiceChange, SyncRun
from catalog.sync.sync import sync_provider
from tests.factories import NOW

ROW = {
    "service": 1,
    "name": "Followers",
    "category": "Network",
    "rate": "0.90",
    "min": 50,
    "max": 10_000,
}


def sync(provider: Provider, *, accepted_gone: int | None = None) -> SyncRun:
    return sync_provider(provider_id=provider.pk, now=NOW, accepted_gone=accepted_gone)


def changes(run: SyncRun) -> list[tuple[str, str, str, str]]:
    return list(
        ServiceChange.objects.filter(run=run)
        .order_by("upstream_id", "what")
        .values_list("upstream_id", "what", "before", "after")
    )


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{**ROW, "service": number, "name": f"Service {number}"} for number in numbers]


def figures(run: SyncRun) -> dict[str, int]:
    names = ("listed", "created", "changed", "withdrawn", "returned", "skipped", "held")
    return {name: number for name in names if (number := getattr(run, name))}
