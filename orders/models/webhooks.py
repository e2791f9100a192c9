"""Webhooks: customers' endpoints, and the events on their way to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from lib.row_locks import LockingQuerySet
from orders.models.limits import CALL_LEASE

EXCERPT_LENGTH: Final = 500  # characters of a receiver's answer that are kept
PROBLEM_LENGTH: Final = 200  # characters


class WebhookType(models.TextChoices):
    """The events that a customer's program can subscribe to."""

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


class WebhookEndpointQuerySet(LockingQuerySet["WebhookEndpoint"]):
    """Selections of endpoints in business words."""

    def kept(self) -> Self:
        """Endpoints that their owners have not removed."""
        return self.filter(removed_at=None)

    def active(self) -> Self:
        """Endpoints that events are written down for and sent to."""
        return self.filter(switched_off_at=None)

    def removed_before(self, moment: datetime) -> Self:
        """Endpoints that were removed longer ago."""
        return self.filter(removed_at__lt=moment)


class WebhookEndpoint(models.Model):
    """One URL of a customer.

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

    objects = WebhookEndpointQuerySet.as_manager()

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

    def has_two_secrets(self, *, now: datetime) -> bool:
        """Whether the old secret still signs beside the new one."""
        return self.old_secret_until is not None and self.old_secret_until > now

    def sealed_secrets(self, *, now: datetime) -> Sequence[str]:
        """The secrets that sign."""
        old = [self.sealed_old_secret] if self.has_two_secrets(now=now) else []
        return [self.sealed_secret, *old]

    def note_success(self, *, is_quick: bool) -> None:
        """A delivery was accepted."""
        self.failing_since, self.failures_in_row, self.is_proven = None, 0, is_quick
        self.save(update_fields=["failing_since", "failures_in_row", "is_proven"])

    def note_failure(self, *, is_test: bool, now: datetime) -> None:
        """A delivery failed; a test is not tried again, so that it does not count."""
        self.is_proven = False
        if not is_test:
            self.failing_since = self.failing_since or now
            self.failures_in_row += 1
        self.save(update_fields=["failing_since", "failures_in_row", "is_proven"])


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    # to be sent at `next_at`, or on its way: then `next_at` is the end of the lease
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"  # answered with 2xx
    FAILED = "failed", "Failed"  # given up


class WebhookDeliveryQuerySet(LockingQuerySet["WebhookDelivery"]):
    """Selections of deliveries in business words."""

    def waiting(self) -> Self:
        """Deliveries that are to be sent, or are on their way."""
        return self.filter(state=DeliveryState.WAITING)

    def due(self, *, now: datetime) -> Self:
        """Deliveries that may be sent now; also those whose sender died."""
        return self.waiting().filter(next_at__lte=now)

    def idle(self, *, now: datetime) -> Self:
        """Deliveries that nobody is sending."""
        return self.filter(~Q(state=DeliveryState.WAITING) | Q(owner=None) | Q(next_at__lte=now))

    def held_by(self, owner: UUID) -> Self:
        """Deliveries that this sweep is sending."""
        return self.waiting().filter(owner=owner)

    def tests(self) -> Self:
        """What the test button made."""
        return self.filter(type=PING)

    def claim(self, *, owner: UUID, most: int, now: datetime) -> list["WebhookDelivery"]:
        """Take what somebody waits for first, then what has been due longest.

        A try is counted now: the waits grow also for one whose worker died.
        """
        deliveries = list(self.free().order_by("-is_urgent", "next_at", "pk")[:most])
        claimed = WebhookDelivery.objects.filter(pk__in=[each.pk for each in deliveries])
        claimed.update(owner=owner, next_at=now + CALL_LEASE, tries=F("tries") + 1, tried_at=now)
        return deliveries

    def give_up(self) -> int:
        """Send them no more."""
        return self.update(state=DeliveryState.FAILED, next_at=None, owner=None, is_urgent=False)

    def send_again(self, *, now: datetime) -> int:
        """Send them next, and try anew as if for the first time."""
        return self.update(
            state=DeliveryState.WAITING, next_at=now, owner=None, is_urgent=True, tries=0
        )


class WebhookDelivery(models.Model):
    """One event for one endpoint, and what came of sending it.

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
    # columns as they were at that moment; orders/webhooks/body.py puts them into words
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
    excerpt = models.CharField(max_length=EXCERPT_LENGTH, blank=True, default="", db_default="")

    objects = WebhookDeliveryQuerySet.as_manager()

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

    @property
    def is_test(self) -> bool:
        """Whether the test button made it: it is sent once."""
        return self.type == PING

    def settle(self, state: DeliveryState, *, next_at: datetime | None = None) -> None:
        """Save what came of a try, and whether it is sent again at `next_at`."""
        self.state, self.next_at, self.is_urgent, self.owner = state, next_at, False, None
        told = ["http_status", "problem", "milliseconds", "excerpt"]
        self.save(update_fields=["state", "next_at", "is_urgent", "owner", *told])
