"""Running: from the moment that a provider's id is known, the order is the provider's order and is
watched.
"""

from datetime import datetime

from orders.models import Order, Watch


def start(*, order: Order, upstream_id: str, now: datetime) -> bool:
    """Set the order RUNNING as the provider's order `upstream_id` and begin to watch it.

    False, and nothing changed, where that id is another order of ours. The caller holds the order's
    row lock.
    """
    if not order.start(upstream_id=upstream_id, now=now):
        return False
    watch(order_id=order.pk, provider_id=order.provider_id, now=now)
    return True


def watch(*, order_id: int, provider_id: int, now: datetime) -> None:
    """Begin to follow a running order; it is looked at in the next sweep."""
    Watch.objects.bulk_create(
        [Watch(order_id=order_id, provider_id=provider_id, due_at=now)], ignore_conflicts=True
    )
