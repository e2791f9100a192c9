"""What is known of an order that is served post by post."""

from django.db import models
from django.db.models import Q

from catalog.models import RATE
from orders.models.orders import Order


class Subscription(models.Model):
    """The posts of one order that were served, by the provider's word, and not paid yet; and how it
    stands there.

    How many were paid is on the order, `posts`; both together were served. Changed only under the
    order's row lock.
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="subscription"
    )
    # the provider's word: Active, Paused, Expired …
    state = models.CharField(max_length=10, blank=True)
    owed = models.PositiveIntegerField(default=0)  # posts
    # provider's currency: so much of its charge are served posts
    counted = models.DecimalField(**RATE, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="subscription_counted_not_negative", condition=Q(counted__gte=0)
            )
        ]
        indexes = [
            models.Index(name="subscription_owing", fields=["order"], condition=Q(owed__gt=0))
        ]

    def __str__(self) -> str:
        return f"subscription {self.order_id}"
