"""An order's timeline, and what staff must review about it."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from lib.row_locks import LockingQuerySet
from orders.models.choices import EventKind, ReviewKind
from orders.models.limits import REASON_LENGTH, TEXT_LENGTH
from orders.models.orders import Order

if TYPE_CHECKING:
    from accounts.models import User


class Event(models.Model):
    """One line of an order's timeline; written once.

    `detail` is for staff (raw replies, keys blanked out).
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    # plain words, safe to show to the customer unless is_internal
    text = models.CharField(max_length=TEXT_LENGTH)
    is_internal = models.BooleanField(default=False)  # for staff only
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(name="event_timeline", fields=["order", "id"])]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class ReviewQuerySet(LockingQuerySet["Review"]):
    """Selections of reviews in business words, and how they are closed."""

    def open(self) -> Self:
        """Reviews that wait for staff or for an answer of the provider."""
        return self.filter(closed_at=None)

    def closed(self) -> Self:
        """Reviews that nobody needs to look at any more."""
        return self.filter(closed_at__isnull=False)

    def of_kind(self, *kinds: ReviewKind) -> Self:
        """Reviews of one of these kinds."""
        return self.filter(kind__in=kinds)

    def reopen(self) -> int:
        """Ask again what was closed by mistake."""
        return self.update(closed_at=None, closed_by=None, decision="")

    def close(self, *, decision: str, now: datetime, actor: "User | None" = None) -> int:
        """Close those that are open; without an actor the question has answered itself."""
        return self.open().update(closed_at=now, closed_by=actor, decision=decision[:REASON_LENGTH])


class Review(models.Model):
    """Something about an order that staff must look at; open until it is closed with a reason."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="reviews")
    kind = models.CharField(max_length=20, choices=ReviewKind.choices)
    text = models.CharField(max_length=TEXT_LENGTH)
    detail = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decision = models.CharField(max_length=REASON_LENGTH, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        db_table = "orders_doubt"
        constraints = [
            models.UniqueConstraint(
                name="doubt_open_once", fields=["order", "kind"], condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on order {self.order_id}"
