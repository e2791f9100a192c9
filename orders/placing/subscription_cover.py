"""What a balance must cover before a subscription is taken: the next posts of all that are open.

Nothing is charged before a post is served, so nothing else keeps a customer from ordering posts for
which no money is there.
"""

from collections.abc import Mapping
from decimal import Decimal

from accounts.models import User
from billing import ledger
from orders.lifecycle.costs import post_charge
from orders.models import Order


class NotCovered(ledger.InsufficientFunds):
    """The balance does not cover the next posts of this and of all open subscriptions."""

    def __init__(self, *, available: Decimal, amount: Decimal, others: Decimal) -> None:
        super().__init__(available=available, amount=amount)
        self.others = others  # of the amount: what the customer's other subscriptions need


def check_cover(*, order: Order, charge: Decimal) -> None:
    """Raise NotCovered unless the wallet covers this new subscription beside all others.

    `charge` is for each post. Holds the wallet's lock until the transaction ends, so that of
    several at once each sees those before it.
    """
    ledger.lock_wallet(customer=order.user)
    others = needed_by_open(customer=order.user, but=order)
    amount = charge * next_posts(order.fields) + others
    try:
        ledger.check_funds(customer=order.user, amount=amount)
    except ledger.InsufficientFunds as short:
        available = short.available
        raise NotCovered(available=available, amount=amount, others=others) from None


def next_posts(fields: Mapping[str, str], *, served: int = 0) -> int:
    """How many posts may be served, and are to be paid, before anybody can stop a subscription.

    The existing posts that were ordered come at once, else one new post; never more than are left.
    """
    new, old = fields.get("posts") or "", int(fields.get("old_posts") or 0)
    at_once = max(1, old - served)
    return min(at_once, max(0, int(new) + old - served)) if new else at_once


def needed_by_open(*, customer: User, but: Order | None = None) -> Decimal:
    """What the next posts of the customer's open subscriptions cost, and those that they owe."""
    running = customer.orders.open().filter(posts__isnull=False).select_related("subscription")
    if but is not None:
        running = running.exclude(pk=but.pk)
    return sum((post_charge(order) * _posts_to_pay(order) for order in running), Decimal(0))


def _posts_to_pay(order: Order) -> int:
    owed = order.subscription.owed
    return owed + next_posts(order.fields, served=(order.posts or 0) + owed)
