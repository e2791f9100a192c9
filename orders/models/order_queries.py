"""Selections of orders, in business words."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from lib.row_locks import LockingQuerySet
from orders.models.choices import ENDED, OPEN, HoldReason, Status

if TYPE_CHECKING:
    from orders.models.orders import Order  # noqa: F401  # named in the base class


class OrderQuerySet(LockingQuerySet["Order"]):
    """`Order.objects`, `user.orders` and the like."""

    def open(self) -> Self:
        """Orders that have not reached their end."""
        return self.filter(status__in=OPEN)

    def ended(self) -> Self:
        """Orders that have reached their end."""
        return self.filter(status__in=ENDED)

    def waiting(self) -> Self:
        """Paid and not sent yet, due or not."""
        return self.filter(status=Status.WAITING)

    def due(self, *, now: datetime) -> Self:
        """Waiting orders that may be sent now."""
        return self.waiting().filter(submit_at__lte=now)

    def running(self) -> Self:
        """Orders that the provider has accepted and that have not ended."""
        return self.filter(status=Status.RUNNING)

    def unclear(self) -> Self:
        """Orders that were perhaps placed."""
        return self.filter(status=Status.UNCLEAR)

    def held(self, *reasons: HoldReason) -> Self:
        """Held orders; with reasons only those that are held for one of them."""
        held = self.filter(status=Status.HELD)
        return held.filter(hold_reason__in=reasons) if reasons else held

    def known_upstream(self) -> Self:
        """Orders whose id at the provider is known."""
        return self.filter(upstream_id__isnull=False)

    def longest_due_first(self) -> Self:
        """The order in which waiting orders are sent."""
        return self.order_by("submit_at", "pk")

    def newest_first(self) -> Self:
        """By id, falling: the order of lists and of keyset pages."""
        return self.order_by("-pk")
