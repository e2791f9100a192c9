"""Sweeps of tracking as tests make them, and what they have refunded."""

import time
from decimal import Decimal

from billing.models import Transfer, TransferKind
from orders.models import Order, Watch
from orders.tracking.sweep import track_due
from tests.connected_provider import make_due

CONFIRM = 0.05  # seconds between the two looks that a refund needs


def sweep(*, times: int = 1) -> None:
    """Look at everything, `times` times, far enough apart that a refundable end is confirmed."""
    for _ in range(times):
        make_due()
        track_due()
        if Watch.objects.exclude(ending="").exists():
            time.sleep(CONFIRM * 1.2)


def refunds(order: Order) -> list[Decimal]:
    transfers = Transfer.objects.filter(
        kind=TransferKind.REFUND, wallet__owner=order.user
    ).order_by("pk")
    return list(transfers.values_list("amount", flat=True))
