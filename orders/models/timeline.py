"""An order's timeline, and the doubts that staff must look at."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models.choices import EventKind, ReviewKind
from orders.models.orders import Order


class Event(models.Model):
    """One line of an order's timeline; written once.

    `detail` is for staff (raw replies, keys blanked out).
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    # plain words, safe to show to the customer unless is_internal
    text = models.CharField(max_length=500)
    is_internal = models.BooleanField(default=False)  # for staff only
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(name="event_timeline", fields=["order", "id"])]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Review(models.Model):
    """Something about an order that staff must look at; open until someone closes it with a reason."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="reviews")
    kind = models.CharField(max_length=20, choices=ReviewKind.choices)
    text = models.CharField(max_length=500)
    detail = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decision = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "orders_doubt"
        constraints = [
            models.UniqueConstraint(
                name="doubt_open_once", fields=["order", "kind"], condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on order {self.order_id}"
