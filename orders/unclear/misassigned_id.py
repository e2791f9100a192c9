"""Detect a provider id that was returned for the wrong order, by comparing charges.

The lost order seems not placed then: its id is known and its charge accounted for. Only the charge
gives it away: it is what the lost order should cost, not the later one. Orders whose costs could be
mistaken for each other are not sent side by side (forwarding/distinct_costs.py).
"""

from orders.models import Attempt, AttemptState


def find_order_given_this_id(attempt: Attempt) -> Attempt | None:
    """A later attempt whose order was charged exactly what this one should cost; else None.

    A charge not known yet says nothing: it is asked for within a minute of the answer.
    """
    if attempt.sent_at is None:
        return None
    later = Attempt.objects.filter(
        provider_id=attempt.provider_id, state=AttemptState.ACCEPTED, sent_at__gt=attempt.sent_at
    )
    charged = later.filter(order__upstream_charge=attempt.cost).exclude(cost=attempt.cost)
    return charged.order_by("pk").first()
