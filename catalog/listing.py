"""One page of a long list of services, with what a table row needs and nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from catalog import service_types
from catalog.models import ServiceQuerySet

PAGE: Final = 100  # rows: a phone shows them at once, and a whole catalog of 5,000 is fifty pages


@dataclass(frozen=True, slots=True)
class Row:
    """A service as customers read it."""

    pk: int
    name: str
    description: str
    category: str
    category_id: int
    unit: str  # what the price is for
    price: Decimal
    min_quantity: int
    max_quantity: int
    average_time: str
    is_limited: bool  # whether minimum and maximum mean anything
    is_refill: bool
    is_cancel: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The services of one category on one page."""

    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list, and its place in it."""

    groups: Sequence[Group]
    number: int  # from 1
    first: int  # of the rows shown, from 1; 0 where there are none
    last: int
    count: int  # rows of the whole list

    @property
    def previous(self) -> int:
        """The number of the page before; 0 where there is none."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The number of the page after; 0 where there is none."""
        return self.number + 1 if self.last < self.count else 0


def is_per_order(type_name: str) -> bool:
    """Whether rate and price of a type are for one order; of a type nobody knows they are for 1000."""
    kind = service_types.find(type_name)
    return kind is not None and kind.is_per_order


def show_page(*, services: ServiceQuerySet, number: int) -> Page:
    """The page of that number, or the last one where the list is shorter. Two queries."""
    count = services.count()
    number = max(1, min(number, -(-count // PAGE)))
    rows = _rows(services.in_shop_order()[(number - 1) * PAGE : number * PAGE])
    groups = [
        Group(name=group[0].category, rows=group)
        for _, members in groupby(rows, key=lambda row: row.category_id)
        if (group := list(members))
    ]
    first = (number - 1) * PAGE + 1 if rows else 0
    return Page(groups=groups, number=number, first=first, last=max(0, first + len(rows) - 1), count=count)


def _rows(services: ServiceQuerySet) -> list[Row]:
    return [
        Row(
            pk=service.pk,
            name=service.name,
            description=service.description,
            category=service.category.name,
            category_id=service.category_id,
            unit="order" if is_per_order(service.type) else "1,000",
            price=service.price,
            min_quantity=service.min_quantity,
            max_quantity=service.max_quantity,
            average_time=service.average_time,
            is_limited=not is_per_order(service.type),
            is_refill=service.is_refill,
            is_cancel=service.is_cancel,
        )
        for service in services.select_related("category")
    ]
