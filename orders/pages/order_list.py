"""A customer's list of orders: status tabs, search by id and link, keyset pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from lib.query_text import is_id, printable
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


@dataclass(frozen=True, slots=True)
class Page:
    """One page of orders, newest first; the ids where the next pages begin, or None."""

    orders: list[Order]
    newer_than: int | None
    older_than: int | None


def find_orders(*, orders: OrderQuerySet, tab: str, query: str) -> OrderQuerySet:
    """Orders of this tab with the query as id, or in the link or the followed username."""
    found = orders.filter(TABS[tab][1])
    query = printable(query)
    if not query:
        return found
    by_link = Q(link__icontains=query) | Q(posts__isnull=False, fields__username__icontains=query)
    return found.filter(by_link | Q(pk=int(query)) if is_id(query) else by_link)


def page_of(*, orders: OrderQuerySet, older_than: str = "", newer_than: str = "") -> Page:
    """The page that begins below one id or ends above another; else the first page."""
    if is_id(newer_than):
        rows = list(orders.filter(pk__gt=int(newer_than)).order_by("pk")[: PAGE + 1])
        # the page that the customer came from is older
        has_newer, has_older = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        below = orders.filter(pk__lt=int(older_than)) if is_id(older_than) else orders
        rows = list(below.newest_first()[: PAGE + 1])
        has_newer, has_older = is_id(older_than), len(rows) > PAGE
        rows = rows[:PAGE]
    return Page(
        orders=rows,
        newer_than=rows[0].pk if rows and has_newer else None,
        older_than=rows[-1].pk if rows and has_older else None,
    )
