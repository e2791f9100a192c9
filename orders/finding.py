"""Finding any customer's order for staff, and what each one earns."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from catalog import pricing
from orders.choosing import is_id, printable
from orders.models import Order, OrderQuerySet, Status


@dataclass(frozen=True, slots=True)
class Earning:
    """What an order brings in the panel's currency: as expected while it is open, as it ended after that."""

    cost: Decimal
    profit: Decimal


def find_any(*, query: str, status: str, provider_id: str) -> OrderQuerySet:
    """All orders that fit: an id of ours or of a provider, part of a link or of an e-mail address; status; provider.

    What makes no sense is left out, as an empty filter is.
    """
    found = Order.objects.all()
    if status in Status.values:
        found = found.filter(status=status)
    if is_id(provider_id):
        found = found.filter(provider_id=int(provider_id))
    query = printable(query)
    if not query:
        return found
    if is_id(query):
        return found.filter(Q(pk=int(query)) | Q(upstream_id=query))
    return found.filter(Q(upstream_id=query) | Q(link__icontains=query) | Q(user__email__icontains=query))


def earning_of(order: Order) -> Earning:
    """Cost and profit of one order; a part that was not delivered costs us nothing, as providers refund it, too.

    Of a subscription what was served so far.
    """
    cost = order.cost
    if order.posts == 0 or (order.status == Status.CANCELED and not order.is_subscription):
        cost = Decimal(0)
    elif order.status == Status.PARTIAL and order.remains:
        cost -= pricing.owed_for(charge=cost, undelivered=order.remains, billed_quantity=order.billed_quantity)
    return Earning(cost=cost, profit=order.net_charge - cost)
