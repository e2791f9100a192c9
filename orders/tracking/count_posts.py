"""Counting the posts that a batch of reports shows, and writing down that they are owed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from catalog.upstream import OrderStatus
from orders.models import Order, Review, ReviewKind, Subscription
from orders.tracking import subscription_rules
from orders.tracking.subscription_rules import Served


class Posts:
    """The subscriptions among orders whose rows the caller has locked: read after that, in two
    queries or none.
    """

    def __init__(self, orders: Sequence[Order]) -> None:
        keys = [order.pk for order in orders if order.is_subscription]
        self._known = Subscription.objects.in_bulk(keys) if keys else {}
        reviews = Review.objects.filter(
            order_id__in=keys, kind=ReviewKind.UNCOUNTED_POSTS, closed_at=None
        )
        self._doubted = set(reviews.values_list("order_id", flat=True)) if keys else set()

    def count(self, order: Order, report: OrderStatus | None) -> Served:
        """What this report shows; nothing while staff look at an earlier count, and of an
        order without posts.
        """
        if order.pk not in self._known or report is None or order.pk in self._doubted:
            return Served()
        known = self._known[order.pk]
        wanted = _wanted(order)
        return subscription_rules.count(
            charge=report.charge,
            counted=known.counted,
            rate=order.rate,
            rate_now=order.service.rate,
            most=None if wanted is None else wanted - (order.posts or 0) - known.owed,
        )

    def save(
        self, *, order: Order, served: Served, state: str, charge: Decimal | None, now: datetime
    ) -> None:
        """What was served is owed from now on: it is charged in a transaction of its own
        (orders/subscribing.py).
        """
        known = self._known.get(order.pk)
        if known is None:
            return
        if served.posts or (state and state != known.state):
            known.state = state or known.state
            known.owed += served.posts
            known.counted = charge if served.posts and charge is not None else known.counted
            known.save(update_fields=["state", "owed", "counted"])
        if served.problem:
            order.open_review(kind=ReviewKind.UNCOUNTED_POSTS, text=served.problem, now=now)


def _wanted(order: Order) -> int | None:
    """The most posts that the customer ordered; None: without end."""
    new, old = order.fields.get("posts"), order.fields.get("old_posts")
    return int(new) + int(old or 0) if new else None
