"""Change what the admin decides about a service: name, category, position, sale.

A sync never overwrites it.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from catalog.dripfeed import takes_dripfeed
from catalog.models import Category, Service, ServiceQuerySet
from catalog.prices.reprice import open_rulebook, reprice
from catalog.prices.write_lock import lock_catalog


@transaction.atomic
def change_service(
    *, service: Service, category: Category, values: Mapping[str, object], now: datetime
) -> None:
    """Store the admin's `values`: fields of the service, and `dripfeed`: "on", "off" or "".

    A new category reprices the service at once. `dripfeed` "" returns to what the provider's catalog
    and setting say.
    """
    lock_catalog()
    changes: dict[str, object] = {**values, "updated_at": now}
    dripfeed = changes.pop("dripfeed", None)
    if dripfeed:
        changes |= {"is_dripfeed_own": True, "is_dripfeed": dripfeed == "on"}
    elif dripfeed is not None and service.is_dripfeed_own:
        is_dripfeed = takes_dripfeed(
            mode=service.provider.dripfeed,
            type_name=service.type,
            is_listed=service.is_dripfeed_listed,
        )
        changes |= {"is_dripfeed_own": False, "is_dripfeed": is_dripfeed}
    if category.pk != service.category_id:
        changes |= {"category": category, "is_category_own": True}
        if not service.is_category_own:  # what it is compared by at a sync
            changes["upstream_category"] = service.category.upstream_name
    Service.objects.filter(pk=service.pk).update(**changes)
    if "category" in changes:
        reprice(services=Service.objects.filter(pk=service.pk), book=open_rulebook(), now=now)


@transaction.atomic
def accept_review(*, services: ServiceQuerySet, expected: int, now: datetime) -> bool:
    """Accept the services that wait for review; False, and no change, unless `expected` do.

    Services without a price keep waiting: the admin sets a margin, or allows free orders.
    """
    lock_catalog()
    waiting = services.acceptable()
    if waiting.count() != expected:
        return False
    waiting.update(review_reason="", updated_at=now)
    return True
