"""What the admin decides about mirrored services: names, places, whether they are sold.

A sync never undoes it.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from catalog.models import Category, Service, ServiceQuerySet
from catalog.prices.reprice import open_rulebook, reprice
from catalog.prices.write_lock import lock_catalog


@transaction.atomic
def change_service(
    *, service: Service, category: Category, values: Mapping[str, object], now: datetime
) -> None:
    """Store the admin's own `values` (own_name, own_description, position, is_hidden, refill_mode,
    cancel_mode).

    Another category is the admin's own from then on, and its margin prices the service at once.
    `dripfeed` is the admin's "on" or "off", or "" for what the provider lists, which is read again
    at the next sync.
    """
    lock_catalog()
    changes: dict[str, object] = {**values, "updated_at": now}
    dripfeed = changes.pop("dripfeed", None)
    if dripfeed:
        changes |= {"is_dripfeed_own": True, "is_dripfeed": dripfeed == "on"}
    elif dripfeed is not None and service.is_dripfeed_own:
        changes |= {"is_dripfeed_own": False, "digest": b""}
    if category.pk != service.category_id:
        changes |= {"category": category, "is_category_own": True}
        if not service.is_category_own:  # what it is compared by at a sync
            changes["upstream_category"] = service.category.upstream_name
    Service.objects.filter(pk=service.pk).update(**changes)
    if "category" in changes:
        reprice(services=Service.objects.filter(pk=service.pk), book=open_rulebook(), now=now)


@transaction.atomic
def accept_review(*, services: ServiceQuerySet, expected: int, now: datetime) -> bool:
    """Let those of these services that wait be sold as they are now; nothing changes unless there
    are `expected`.

    No sync comes between the counting and the change. Returns whether they were accepted.
    """
    lock_catalog()
    waiting = services.exclude(review_reason="")
    if waiting.count() != expected:
        return False
    waiting.update(review_reason="", updated_at=now)
    return True
