"""Celery tasks of the catalog; each may run twice, late or never without harm."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from catalog.models import Provider
from catalog.sync.sync import Overtaken, sync_provider
from lib.advisory_locks import only_one

log = logging.getLogger(__name__)


@shared_task
def sync_catalogs() -> None:
    """Start a sync task for each provider that is due, so that none holds up another."""
    for provider_id in _due():
        sync_catalog.apply_async(kwargs={"provider_id": provider_id}, expires=settings.SYNC_EVERY)


def sync_here() -> None:
    """Sync the providers that are due in this process, for a panel without a broker."""
    for provider_id in _due():
        sync_catalog(provider_id=provider_id)


@shared_task
def sync_catalog(*, provider_id: int) -> None:
    """Sync one provider, paused or not, unless another worker does so now."""
    with only_one(f"catalog:sync:{provider_id}") as is_ours:
        if not is_ours:
            return
        try:
            sync_provider(provider_id=provider_id, now=timezone.now())
        except Overtaken as reason:
            log.info("%s", reason)


def nudge_sync(*, provider_id: int) -> None:
    """Ask a worker to sync at once; without a broker the next round does it."""
    try:
        sync_catalog.apply_async(kwargs={"provider_id": provider_id}, expires=settings.SYNC_EVERY)
    except (OperationalError, OSError) as error:
        log.warning(
            "the broker does not answer (%s); the sync waits for the next round",
            type(error).__name__,
        )


def _due() -> list[int]:
    """The ids of the providers that are due."""
    # half an interval, so that this round takes what the round before took a moment late
    older_than = timedelta(seconds=settings.SYNC_EVERY / 2)
    return list(
        Provider.objects.to_sync(now=timezone.now(), older_than=older_than).values_list(
            "pk", flat=True
        )
    )
