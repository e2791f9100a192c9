"""A customer's list of orders: status tabs, search by id and link, keyset pages."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Q

from lib.keyset import Page, newest_first
from lib.query_text import is_id, printable, to_id
from orders.models import OPEN, Order, OrderQuerySet, Status

PAGE: Final = 50  # rows
# the customer reads Pending
NOT_RUNNING: Final = [status for status in OPEN if status != Status.RUNNING]


def _running(*words: str) -> Q:
    return Q(status=Status.RUNNING, upstream_status__in=words)


TABS: Final[Mapping[str, tuple[str, Q]]] = {
    "all": ("All", Q()),
    "pending": ("Pending", Q(status__in=NOT_RUNNING) | _running("", "Pending")),
    "in-progress": ("In progress", _running("In progress")),
    "completed": ("Completed", Q(status=Status.COMPLETED)),
    "partial": ("Partial", Q(status=Status.PARTIAL)),
    "processing": ("Processing", _running("Processing")),
    "canceled": ("Canceled", Q(status=Status.CANCELED)),
}


def find_orders(*, orders: OrderQuerySet, tab: str, query: str) -> OrderQuerySet:
    """Orders of this tab with the query as id, or in the link or the followed username."""
    found = orders.filter(TABS[tab][1])
    query = printable(query)
    if not query:
        return found
    by_link = Q(link__icontains=query) | Q(posts__isnull=False, fields__username__icontains=query)
    return found.filter(by_link | Q(pk=int(query)) if is_id(query) else by_link)


def page_of(*, orders: OrderQuerySet, older_than: str = "", newer_than: str = "") -> Page[Order]:
    """The page of orders that begins below one id, or ends above another; else the first page."""
    return newest_first(orders, size=PAGE, before=to_id(older_than), after=to_id(newer_than))
