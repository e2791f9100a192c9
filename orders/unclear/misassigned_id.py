"""Usurping: a provider answered a later order of ours with the id of one that was lost, so that it
seems not placed.

Its id is known then, and its charge accounted for: the books agree, and nothing else would speak
against sending it a second time. What gives it away is the charge: not what the later order should
cost, but to the last decimal what the lost one should. Orders whose costs could be mistaken for
each other are not sent side by side (distinguishing.py).
"""

from orders.models import Attempt, AttemptState


def find_order_given_this_id(attempt: Attempt) -> Attempt | None:
    """The order of ours, accepted after this attempt was sent, that was charged what this one
    should cost; else None.

    A charge that the provider has not told yet says nothing: it is asked for within a minute of the
    answer.
    """
    if attempt.sent_at is None:
        return None
    later = Attempt.objects.filter(
        provider_id=attempt.provider_id, state=AttemptState.ACCEPTED, sent_at__gt=attempt.sent_at
    )
    charged = later.filter(order__upstream_charge=attempt.cost).exclude(cost=attempt.cost)
    return charged.order_by("pk").first()
