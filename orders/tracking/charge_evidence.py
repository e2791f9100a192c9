"""What is stored about the charges of a provider: what an order cost when it was sent, and whether
a charge of an ended order means anything there.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from orders.models import Attempt, AttemptState, Order, ProviderAccount, Review, ReviewKind, Status

MIN_DECISIONS: Final = 3  # of staff, all alike, before a charge is believed to say nothing
SAMPLE: Final = 10  # the newest ones


def costs_when_sent(orders: Sequence[Order]) -> dict[int, tuple[Decimal, ...]]:
    """By order: what the provider should charge by its rate when it took the order."""
    placed = Attempt.objects.filter(
        order__in=orders, state__in=[AttemptState.ACCEPTED, AttemptState.PLACED]
    )
    return {order_id: (cost,) for order_id, cost in placed.values_list("order_id", "cost")}


def is_charge_mute(*, provider_id: int) -> bool:
    """Whether a provider shows the charges of its ended orders unchanged, so that they say nothing.

    The self-test of its account found so, or staff ended several orders just as what remained said.
    """
    accounts = ProviderAccount.objects.filter(pk=provider_id, charge_is_net=False)
    return accounts.exists() or _staff_went_by_remains(provider_id)


def _staff_went_by_remains(provider_id: int) -> bool:
    decided = Review.objects.closed().of_kind(ReviewKind.KEPT_CHARGE)
    decided = decided.filter(
        order__provider_id=provider_id, order__ended_at__isnull=False, closed_by__isnull=False
    )
    newest = list(decided.select_related("order").order_by("-pk")[:SAMPLE])
    return len(newest) >= MIN_DECISIONS and all(map(_is_as_remains_say, newest))


def _is_as_remains_say(review: Review) -> bool:
    order = review.order
    refunded = {Status.CANCELED: order.billed_quantity, Status.PARTIAL: order.remains}
    return bool(review.detail.get("undelivered") == refunded.get(Status(order.status), 0))
