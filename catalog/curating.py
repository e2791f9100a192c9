"""What the admin decides about mirrored services: names, places, whether they are sold. A sync never undoes it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from catalog.locking import lock_catalog
from catalog.models import Category, Service, ServiceQuerySet
from catalog.repricing import open_rulebook, reprice


@transaction.atomic
def change_service(*, service: Service, category: Category, values: Mapping[str, object], now: datetime) -> None:
    """Store the admin's own `values` (own_name, own_description, position, is_hidden, refill_mode, cancel_mode).

    Another category is the admin's own from then on, and its margin prices the service at once. `dripfeed` is the
    admin's "on" or "off", or "" for what the provider lists, which is read again at the next sync.
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
    Service.objects.filter(pk=service.pk).update(**changes)
    if "category" in changes:
        reprice(services=Service.objects.filter(pk=service.pk), book=open_rulebook(), now=now)


def accept_review(*, services: ServiceQuerySet, now: datetime) -> int:
    """Let these services be sold as they are now; returns how many had waited."""
    return services.exclude(review_reason="").update(review_reason="", updated_at=now)
