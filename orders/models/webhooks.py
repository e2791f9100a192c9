"""Webhooks: where customers' programs want to be told, and what is on its way to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

EXCERPT = 500  # characters of a receiver's answer that are kept
PROBLEM_LENGTH = 200  # characters of WebhookDelivery.problem


class WebhookType(models.TextChoices):
    """What a customer's program can be told; the labels stand on the page."""

    ORDER_ACCEPTED = "order.accepted", "Order accepted"
    ORDER_PROCESSING = "order.processing", "Order processing"
    ORDER_IN_PROGRESS = "order.in_progress", "Order in progress"
    ORDER_COMPLETED = "order.completed", "Order completed"
    ORDER_PARTIAL = "order.partial", "Order partial, the rest refunded"
    ORDER_CANCELED = "order.canceled", "Order canceled and refunded"
    REFILL_REQUESTED = "refill.requested", "Refill requested"
    REFILL_COMPLETED = "refill.completed", "Refill completed"
    REFILL_REJECTED = "refill.rejected", "Refill rejected"
    CANCEL_REQUESTED = "cancel.requested", "Cancel requested"
    CANCEL_REJECTED = "cancel.rejected", "Cancel rejected"


PING = "test.ping"  # what the test button sends; nobody subscribes to it


class WebhookEndpoint(models.Model):
    """One address of a customer.

    A removed one stays for a day, so that no event meets a row that has just vanished.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(max_length=500)  # may hold a token of the customer's: never logged
    events = models.JSONField(default=list)  # of WebhookType
    sealed_secret = models.TextField(blank=True)  # empty once removed
    # signs beside the new one until `old_secret_until`
    sealed_old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # null: events are written down and sent
    switched_off_at = models.DateTimeField(null=True, blank=True)
    switched_off_reason = models.CharField(max_length=200, blank=True)  # empty: by its owner
    removed_at = models.DateTimeField(null=True, blank=True)
    # the first failure after the last success
    failing_since = models.DateTimeField(null=True, blank=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    is_proven = models.BooleanField(default=False)  # its last call was answered well and quickly

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="webhook_url_once", fields=["user", "url"], condition=Q(removed_at=None)
            ),
            models.CheckConstraint(
                name="webhook_removed_is_off",
                condition=Q(removed_at=None) | Q(switched_off_at__isnull=False),
            ),
            models.CheckConstraint(
                name="webhook_failures_have_begun",
                condition=Q(failures_in_row=0) | Q(failing_since__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="webhook_active", fields=["user"], condition=Q(switched_off_at=None))
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether events are written down for it and sent."""
        return self.switched_off_at is None


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    # to be sent at `next_at`, or on its way: then `next_at` is the end of the lease
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"  # answered with 2xx
    FAILED = "failed", "Failed"  # given up


class WebhookDelivery(models.Model):
    """One event for one endpoint, written down in the transaction that changed the order, and what
    came of sending it.

    Rows of orders' events come from triggers (migration `webhook_triggers`), so that no code that
    changes an order can forget or invent one. Columns that those triggers leave out have a default
    in the database.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    # the receiver's `webhook-id`: the same at every try, and for each endpoint
    event_id = models.UUIDField()
    type = models.CharField(max_length=30)
    # columns as they were at that moment; notifying.py puts them into words
    facts = models.JSONField(default=dict)
    order_id = models.BigIntegerField(null=True, blank=True)  # for the log; null: a test
    happened_at = models.DateTimeField()
    state = models.CharField(
        max_length=10,
        choices=DeliveryState.choices,
        default=DeliveryState.WAITING,
        db_default=DeliveryState.WAITING,
    )
    next_at = models.DateTimeField(null=True, blank=True, db_default=Now())
    # somebody pressed a button and looks on
    is_urgent = models.BooleanField(default=False, db_default=False)
    owner = models.UUIDField(null=True, blank=True)  # of the sweep that sends it
    tries = models.PositiveIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    # of the last try; null: no answer came
    http_status = models.PositiveIntegerField(null=True, blank=True)
    # empty: answered
    problem = models.CharField(max_length=PROBLEM_LENGTH, blank=True, default="", db_default="")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    # hostile: text, never HTML
    excerpt = models.CharField(max_length=EXCERPT, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="delivery_event_once", fields=["endpoint", "event_id"]),
            models.CheckConstraint(
                name="delivery_waiting_has_a_moment",
                condition=~Q(state="waiting") | Q(next_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="delivery_due",
                fields=["endpoint", "-is_urgent", "next_at"],
                condition=Q(state="waiting"),
            ),
            models.Index(name="delivery_log", fields=["endpoint", "-id"]),
            models.Index(name="delivery_old", fields=["happened_at"]),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} of {self.type}"
