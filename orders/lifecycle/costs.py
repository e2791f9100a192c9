"""What an order costs us and what it earns, from stored rows."""

from dataclasses import dataclass
from decimal import Decimal

from catalog.prices.arithmetic import charge_for, cost_for, owed_for
from orders.models import Order, Status


def present_cost(order: Order) -> Decimal:
    """What the order, or a subscription's first post, would cost us now; panel currency."""
    return cost_for(
        cost=order.service.cost,
        billed_quantity=order.billed_quantity,
        is_per_order=order.is_per_order,
    )


def upstream_cost(order: Order) -> Decimal:
    """The same in the provider's currency: what it should charge."""
    return cost_for(
        cost=order.service.rate,
        billed_quantity=order.billed_quantity,
        is_per_order=order.is_per_order,
    )


def cost_at_once(order: Order) -> Decimal:
    """What the provider should charge on acceptance; nothing for a subscription's later posts."""
    return Decimal(0) if order.is_subscription else upstream_cost(order)


def worth(order: Order) -> Decimal:
    """The charge; for subscriptions, the charge of one post."""
    return post_charge(order) if order.is_subscription else order.charge


@dataclass(frozen=True, slots=True)
class Earning:
    """What an order earns, panel currency: expected while it is open, final once it ended."""

    cost: Decimal
    profit: Decimal


def earning_of(order: Order) -> Earning:
    """Cost and profit of an order; of a subscription, what was served so far.

    What was not delivered costs us nothing: providers refund it, too.
    """
    cost = order.cost
    if order.posts == 0 or (order.status == Status.CANCELED and not order.is_subscription):
        cost = Decimal(0)
    elif order.status == Status.PARTIAL and order.remains:
        cost -= owed_for(
            charge=cost, undelivered=order.remains, billed_quantity=order.billed_quantity
        )
    return Earning(cost=cost, profit=order.net_charge - cost)


def post_charge(order: Order) -> Decimal:
    """The charge of one post at the price agreed; panel currency."""
    return charge_for(price=order.price, billed_quantity=1, is_per_order=True)
