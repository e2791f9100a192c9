"""Start an order: it runs at the provider under a known id and is watched from now on."""

from datetime import datetime

from orders.models import Order, Watch


def start(*, order: Order, upstream_id: str, now: datetime) -> bool:
    """Set the order RUNNING as the provider's order `upstream_id` and begin to watch it.

    False, and nothing changed, where that id is another order of ours. The caller holds its lock.
    """
    if not order.start(upstream_id=upstream_id, now=now):
        return False
    watch(order_id=order.pk, provider_id=order.provider_id, now=now)
    return True


def watch(*, order_id: int, provider_id: int, now: datetime) -> None:
    """Begin to watch a running order; the next sweep asks about it."""
    Watch.objects.bulk_create(
        [Watch(order_id=order_id, provider_id=provider_id, due_at=now)], ignore_conflicts=True
    )
