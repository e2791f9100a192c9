"""Overlapping: two orders for one link at the same time spoil each other's start count, so the
customer is told.
"""

import unicodedata
from collections.abc import Iterable
from uuid import UUID

from accounts.models import User
from orders.models import OPEN, Order
from orders.placing.check_fields import FORBIDDEN_CATEGORIES


def find_overlap(*, customer: User, link: str, but_key: UUID | str | None = None) -> Order | None:
    """The customer's newest open order for this link, with or without a slash at its end; None
    where there is none.

    An order that was placed with the idempotency key `but_key` is the same order once more, not
    another one.
    """
    if not bare(link):
        return None
    found = customer.orders.filter(link__in=spellings(link), status__in=OPEN)
    if but_key is not None:
        found = found.exclude(client_key=str(but_key))
    return found.newest_first().first()


def find_overlaps(*, customer: User, links: Iterable[str], but_prefix: str) -> dict[str, Order]:
    """The customer's newest open order for each of these links that has one, by the bare link; one
    query.

    Orders whose idempotency key begins with `but_prefix` are not counted.
    """
    wanted = {spelling for link in links if bare(link) for spelling in spellings(link)}
    found = customer.orders.filter(link__in=wanted, status__in=OPEN).exclude(
        client_key__startswith=but_prefix
    )
    return {bare(order.link): order for order in found.order_by("pk")}


def bare(link: str) -> str:
    """The link without the slashes at its end, by which two are compared.

    Empty for one that no order can have: the database could not compare it.
    """
    link = link.strip()
    if any(unicodedata.category(character) in FORBIDDEN_CATEGORIES for character in link):
        return ""
    return link.rstrip("/")


def spellings(link: str) -> list[str]:
    """How the same link may have been written. For one that `bare` does not empty."""
    return [bare(link), f"{bare(link)}/", link.strip()]
