"""The delivered posts that a batch of reports shows, and that they are owed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from catalog.upstream import OrderStatus
from orders.models import Order, Review, ReviewKind, Subscription
from orders.tracking import subscription_rules
from orders.tracking.subscription_rules import Served


class Posts:
    """The subscriptions among orders that the caller has locked, read in two queries or none."""

    def __init__(self, orders: Sequence[Order]) -> None:
        keys = [order.pk for order in orders if order.is_subscription]
        self._known = Subscription.objects.in_bulk(keys) if keys else {}
        reviews = Review.objects.open().of_kind(ReviewKind.UNCOUNTED_POSTS)
        reviews = reviews.filter(order_id__in=keys)
        self._under_review = set(reviews.values_list("order_id", flat=True)) if keys else set()

    def count(self, order: Order, report: OrderStatus | None) -> Served:
        """What this report shows; nothing while staff review an earlier count."""
        if order.pk not in self._known or report is None or order.pk in self._under_review:
            return Served()
        known = self._known[order.pk]
        ordered = _posts_ordered(order)
        return subscription_rules.count(
            charge=report.charge,
            counted=known.counted,
            rate=order.rate,
            rate_now=order.service.rate,
            most=None if ordered is None else ordered - (order.posts or 0) - known.owed,
        )

    def save(
        self, *, order: Order, served: Served, state: str, charge: Decimal | None, now: datetime
    ) -> None:
        """What was delivered is owed from now on; charge_posts books it in its own transaction."""
        known = self._known.get(order.pk)
        if known is None:
            return
        if served.posts or (state and state != known.state):
            known.owe(served.posts, charge=charge if served.posts else None, state=state)
        if served.problem:
            order.open_review(kind=ReviewKind.UNCOUNTED_POSTS, text=served.problem, now=now)


def _posts_ordered(order: Order) -> int | None:
    """How many posts the customer ordered at most; None: without end."""
    new, old = order.fields.get("posts"), order.fields.get("old_posts")
    return int(new) + int(old or 0) if new else None
