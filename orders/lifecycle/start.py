"""Running: from the moment that a provider's id is known, the order is the provider's order and is
watched.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from orders.models import Order, Status, Watch


def run(*, order: Order, upstream_id: str, now: datetime) -> bool:
    """Set the order RUNNING as the provider's order `upstream_id`; False, and nothing changed,
    where that id is ours.

    The unique index decides, so that two workers cannot both be right. The caller holds the order's
    row lock.
    """
    order.status = Status.RUNNING
    order.hold_reason = ""
    order.upstream_id = upstream_id
    order.running_at = now
    try:
        with transaction.atomic():
            order.save(update_fields=["status", "hold_reason", "upstream_id", "running_at"])
    except IntegrityError:
        order.refresh_from_db(fields=["status", "hold_reason", "upstream_id", "running_at"])
        if _is_ours(order, upstream_id):
            return False
        raise
    watch(order_id=order.pk, provider_id=order.provider_id, now=now)
    return True


def _is_ours(order: Order, upstream_id: str) -> bool:
    others = Order.objects.filter(provider_id=order.provider_id, upstream_id=upstream_id)
    return others.exclude(pk=order.pk).exists()


def watch(*, order_id: int, provider_id: int, now: datetime) -> None:
    """Begin to follow a running order; it is looked at in the next sweep."""
    Watch.objects.bulk_create(
        [Watch(order_id=order_id, provider_id=provider_id, due_at=now)], ignore_conflicts=True
    )
