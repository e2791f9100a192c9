"""Choose the order that a provider is sent next.

Longest due first. Where the provider's account is read to settle unclear orders, only one whose
cost keeps all open costs distinct, so that a charge there identifies its order.
"""

from datetime import datetime, timedelta

from catalog.models import Provider
from orders.forwarding.distinct_costs import MAX_OPEN, distinct_sums, keeps_distinct
from orders.lifecycle.costs import cost_at_once
from orders.models import Attempt, Order, OrderQuerySet
from orders.models.attempts import quiet

MAX_CANDIDATES = 20  # due orders that are searched for a distinct cost
FIRST_CANDIDATES = 2  # of these, read first: nearly always one of them is distinct
# An unclear order is settled by one accepted later. So attempts older than the quiet time give way
# where no due order is distinct from them, and those left to staff for this long do not count.
WITH_STAFF = timedelta(minutes=30)


def choose_order(*, provider: Provider, now: datetime) -> Order | None:
    """The order to send next, locked; None where none may be sent now."""
    due = Order.objects.due(now=now).filter(provider=provider).select_related("service")
    due = due.longest_due_first()
    if not provider.is_probe_allowed:
        return due.free().first()
    chosen = _distinct_order(provider, due, now)
    return due.free().filter(pk=chosen).first() if chosen else None


def _distinct_order(provider: Provider, due: OrderQuerySet, now: datetime) -> int | None:
    """The primary key of the order, longest due, whose cost is distinct from all open ones.

    Not locked yet: locking each candidate would write to disk.
    """
    attempts = Attempt.objects.open().filter(provider=provider, prepared_at__gt=now - WITH_STAFF)
    costs = list(attempts.order_by("pk").values_list("cost", "prepared_at"))
    recent, young = [cost for cost, _ in costs], [cost for cost, at in costs if at > now - quiet()]
    if len(young) >= MAX_OPEN:
        return None
    for sums in filter(None, map(distinct_sums, (recent, young))):
        for candidates in (due[:FIRST_CANDIDATES], due[FIRST_CANDIDATES:MAX_CANDIDATES]):
            for order in candidates:
                if keeps_distinct(sums=sums, cost=cost_at_once(order)):
                    return order.pk
    return None
