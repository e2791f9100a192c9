"""Subscriptions: the posts of an order that is delivered post by post."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import RATE
from lib.row_locks import LockingQuerySet
from orders.models.orders import Order


class SubscriptionQuerySet(LockingQuerySet["Subscription"]):
    """Selections of subscriptions in business words."""

    def owing(self) -> Self:
        """Subscriptions with delivered posts that are not paid."""
        return self.filter(owed__gt=0)


class Subscription(models.Model):
    """How an order's posts stand at the provider, and how many are delivered and not paid.

    How many were paid is on the order, `posts`. Changed only under the order's row lock.
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, primary_key=True, related_name="subscription"
    )
    # the provider's word: Active, Paused, Expired …
    state = models.CharField(max_length=10, blank=True)
    owed = models.PositiveIntegerField(default=0)  # posts
    # provider's currency: so much of its charge are served posts
    counted = models.DecimalField(**RATE, default=0)

    objects = SubscriptionQuerySet.as_manager()

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

    def owe(self, posts: int, *, charge: Decimal | None, state: str = "") -> None:
        """Posts were delivered, which explain the provider's `charge` (None: as before)."""
        self.state = state or self.state
        self.owed += posts
        self.counted = self.counted if charge is None else charge
        self.save(update_fields=["state", "owed", "counted"])

    def pay_one(self) -> None:
        """One post that was owed is charged."""
        self.owed -= 1
        self.save(update_fields=["owed"])

    def waive(self) -> int:
        """Let go of all posts that are owed; returns how many."""
        posts, self.owed = self.owed, 0
        self.save(update_fields=["owed"])
        return posts
