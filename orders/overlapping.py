"""Overlapping: two orders for one link at the same time spoil each other's start count, so the customer is told."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import User
from orders.models import OPEN, Order


def find_overlap(*, customer: User, link: str, but_key: UUID | str | None = None) -> Order | None:
    """The customer's newest open order for this link, with or without a slash at its end; None where there is none.

    An order that was placed with the idempotency key `but_key` is the same order once more, not another one.
    """
    if not bare(link):
        return None
    found = customer.orders.filter(link__in=_spellings(link), status__in=OPEN)
    if but_key is not None:
        found = found.exclude(client_key=str(but_key))
    return found.newest_first().first()


def find_overlaps(*, customer: User, links: Iterable[str], but_prefix: str) -> dict[str, Order]:
    """The customer's newest open order for each of these links that has one, by the bare link; one query.

    Orders whose idempotency key begins with `but_prefix` are not counted.
    """
    spellings = {spelling for link in links if bare(link) for spelling in _spellings(link)}
    found = customer.orders.filter(link__in=spellings, status__in=OPEN).exclude(client_key__startswith=but_prefix)
    return {bare(order.link): order for order in found.order_by("pk")}


def bare(link: str) -> str:
    """The link without the slashes at its end, by which two are compared."""
    return link.strip().rstrip("/")


def _spellings(link: str) -> list[str]:
    return [bare(link), f"{bare(link)}/", link.strip()]
