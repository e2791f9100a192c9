"""Sweeps of tracking as tests make them, and what they have refunded."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F

from billing.models import Transfer, TransferKind
from orders.models import Order, Watch
from orders.tracking.sweep import track_due
from tests.connected_provider import make_due

CONFIRM = 60  # seconds between the two looks that a refund needs


def sweep(*, times: int = 1) -> None:
    """Look at everything, `times` times, far enough apart that a refundable end is confirmed."""
    for _ in range(times):
        make_due()
        track_due()
        ago = timedelta(seconds=2 * CONFIRM)
        Watch.objects.exclude(ending="").update(
            ending_seen_at=F("ending_seen_at") - ago, observed_at=F("observed_at") - ago
        )


def refunds(order: Order) -> list[Decimal]:
    transfers = Transfer.objects.filter(
        kind=TransferKind.REFUND, wallet__owner=order.user
    ).order_by("pk")
    return list(transfers.values_list("amount", flat=True))
