"""Find a customer's open orders for a link: two at once spoil each other's start count."""

import unicodedata
from collections.abc import Iterable
from uuid import UUID

from accounts.models import User
from lib.typed_text import spaced
from orders.models import Order
from orders.placing.check_fields import FORBIDDEN_CATEGORIES


def find_overlap(*, customer: User, link: str, but_key: UUID | str | None = None) -> Order | None:
    """The customer's newest open order for this link, with or without a slash at its end.

    One placed with the idempotency key `but_key` does not count: it is the same order again.
    """
    if not bare(link):
        return None
    found = customer.orders.open().filter(link__in=spellings(link))
    if but_key is not None:
        found = found.exclude(client_key=str(but_key))
    return found.newest_first().first()


def find_overlaps(*, customer: User, links: Iterable[str], but_prefix: str) -> dict[str, Order]:
    """The newest open order for each of these links that has one, by bare link; one query.

    Orders whose idempotency key begins with `but_prefix` do not count.
    """
    wanted = {spelling for link in links if bare(link) for spelling in spellings(link)}
    found = customer.orders.open().filter(link__in=wanted)
    found = found.exclude(client_key__startswith=but_prefix)
    return {bare(order.link): order for order in found.order_by("pk")}


def bare(link: str) -> str:
    """The link without slashes at its end and unseen characters, for comparison.

    Empty for a link that no order can have and that the database cannot compare.
    """
    link = spaced(link)
    if any(unicodedata.category(character) in FORBIDDEN_CATEGORIES for character in link):
        return ""
    return link.rstrip("/")


def spellings(link: str) -> list[str]:
    """How the same link may be written; `bare` must not be empty."""
    return [bare(link), f"{bare(link)}/", spaced(link)]
