"""Refills and cancellations."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import Provider
from orders.models.orders import Order
from orders.triggers import (
    CANCELLATION_TELLS_ITS_REJECTION,
    CANCELLATION_TELLS_ITS_REQUEST,
    REFILL_TELLS_ITS_END,
    REFILL_TELLS_ITS_REQUEST,
)


class RequestState(models.TextChoices):
    """Where a refill or a cancellation stands."""

    REQUESTED = "requested", "Requested"  # waits for staff
    APPROVED = "approved", "Approved"  # to be sent
    SENDING = "sending", "Sending"  # a worker holds it
    UNCLEAR = "unclear", "Unclear"  # perhaps received: never resent by a machine
    RUNNING = "running", "In progress"  # the provider took it
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"  # by staff or by the provider


OPEN_REQUEST = ["requested", "approved", "sending", "unclear", "running"]


class AftercareRequest(models.Model):
    """What refills and cancellations share."""

    state = models.CharField(
        max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # why it was rejected, by staff or the provider
    reason = models.CharField(max_length=300, blank=True)
    owner = models.UUIDField(null=True, blank=True)  # of the worker that sends it
    lease_until = models.DateTimeField(null=True, blank=True)
    # when an approved request is due (back-off)
    send_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # written down before the first byte
    # in a row: it was asked, and what came back says nothing
    lost_answers = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    reply = models.TextField(blank=True)  # at most 2 KB, the key blanked out

    class Meta:
        abstract = True


class Refill(AftercareRequest):
    """A customer's request to deliver again what dropped. One open refill per order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refills")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="refills")
    upstream_id = models.CharField(max_length=64, blank=True)
    upstream_status = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # when its status is asked next
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row

    triggers = (REFILL_TELLS_ITS_REQUEST, REFILL_TELLS_ITS_END)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="refill_one_open", fields=["order"], condition=Q(state__in=OPEN_REQUEST)
            ),
        ]
        indexes = [
            models.Index(
                name="refill_open",
                fields=["provider", "state"],
                condition=Q(state__in=OPEN_REQUEST),
            ),
        ]

    def __str__(self) -> str:
        return f"refill {self.pk} of order {self.order_id}"


class Cancellation(AftercareRequest):
    """A customer's request to stop an order.

    Never moves money: the order's later status decides what is refunded.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cancellations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="cancellations")

    triggers = (CANCELLATION_TELLS_ITS_REQUEST, CANCELLATION_TELLS_ITS_REJECTION)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="cancellation_one_open", fields=["order"], condition=Q(state__in=OPEN_REQUEST)
            ),
        ]
        indexes = [
            models.Index(
                name="cancellation_open",
                fields=["provider", "state"],
                condition=Q(state__in=OPEN_REQUEST),
            ),
        ]

    def __str__(self) -> str:
        return f"cancellation {self.pk} of order {self.order_id}"
