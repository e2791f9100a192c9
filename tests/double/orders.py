"""Orders and refills as the provider knows them at a moment of its clock."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.double.money import ZERO, rounded_down
from tests.double.outcomes import Plan
from tests.double.subscriptions import Feed

OVER = frozenset({"Completed", "Partial", "Canceled"})


@dataclass(frozen=True, slots=True)
class Look:
    """An order at one moment; `charge` is net of refunds."""

    status: str
    start_count: int
    remains: int
    charge: Decimal


@dataclass(slots=True)
class Order:
    """One order that was really placed; `charge` is what was taken for it at first, of a
    subscription: so far.
    """

    id: int
    account: str
    service: int
    type: str
    link: str
    quantity: int
    fields: dict[str, str]
    charge: Decimal
    idempotency_key: str
    placed_at: float  # seconds of the provider's clock
    placed_wall: float  # seconds since 1970
    start_count: int
    plan: Plan
    feed: Feed | None = None  # of a subscription
    refunded: Decimal = ZERO
    is_cancel_requested: bool = False
    last_refill: int = 0
    forced: Look | None = None
    # laid over the status reply as it is, for lies
    shown: dict[str, Any] = field(default_factory=dict)

    def look(self, now: float) -> Look:
        """Answer status, start count, remains and net charge at a moment."""
        if self.forced:
            return self.forced
        if self.feed:
            left = self.feed.posts + self.feed.old_posts - self.feed.served
            return Look(self.feed.status(now), 0, max(left, 0), self.charge)
        status = self.plan.status(now)
        remains = self.quantity - self.plan.delivered(now)
        start_count = 0 if status in ("Pending", "Canceled") else self.start_count
        owed = self.owed(status=status, remains=remains)
        return Look(status, start_count, remains, self.charge - owed)

    def owed(self, *, status: str, remains: int) -> Decimal:
        """Answer the refund that an end is worth: all of a Canceled, the undelivered part
        of a Partial.
        """
        if status == "Canceled":
            return self.charge
        if status == "Partial":
            return rounded_down(self.charge * remains / self.quantity)
        return ZERO


@dataclass(slots=True)
class Refill:
    """A refill that was really requested."""

    id: int
    order: int
    account: str
    requested_at: float
    requested_wall: float
    starts_at: float
    ends_at: float
    end: str
    forced: str = ""

    def status(self, now: float) -> str:
        """Answer the documented refill word of a moment."""
        if self.forced:
            return self.forced
        if now < self.starts_at:
            return "Pending"
        return "In progress" if now < self.ends_at else self.end
