"""When each running order is checked next."""

from django.db import models

from catalog.models import Provider
from orders.models.orders import Order


class Watch(models.Model):
    """When a running order is checked next; deleted when the order ends.

    A narrow row, since each check writes it.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="watches")
    due_at = models.DateTimeField()
    # database time before the request of the newest check
    observed_at = models.DateTimeField(null=True, blank=True)
    errors = models.PositiveIntegerField(default=0)  # per-id errors in a row
    # an end that owes a refund, reported once: partial or canceled
    ending = models.CharField(max_length=10, blank=True)
    ending_remains = models.BigIntegerField(null=True, blank=True)
    # the second report must come REFUND_CONFIRM later
    ending_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(name="watch_due", fields=["provider", "due_at"])]

    def __str__(self) -> str:
        return f"watch on order {self.order_id}"
