"""Overlapping: two orders for one link at the same time spoil each other's start count, so the customer is told."""

from uuid import UUID

from accounts.models import User
from orders.models import OPEN, Order


def find_overlap(*, customer: User, link: str, but_key: UUID | str | None = None) -> Order | None:
    """The customer's newest open order for this link, with or without a slash at its end; None where there is none.

    An order that was placed with the idempotency key `but_key` is the same order once more, not another one.
    """
    bare = link.strip().rstrip("/")
    if not bare:
        return None
    found = customer.orders.filter(link__in=[bare, f"{bare}/", link.strip()], status__in=OPEN)
    if but_key is not None:
        found = found.exclude(client_key=str(but_key))
    return found.newest_first().first()
