"""One numbered page of the service list, grouped by category."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from catalog.models import ServiceQuerySet
from catalog.upstream import service_types

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
    is_limited: bool  # whether minimum and maximum apply
    is_refill: bool
    is_cancel: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The services of one category on one page."""

    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in its list."""

    number: int  # of the page, from 1
    count: int  # rows of the whole list

    @classmethod
    def of(cls, services: ServiceQuerySet, *, number: int) -> "Place":
        """The page of that number, or the last one where the list is shorter. One query."""
        count = services.count()
        return cls(number=max(1, min(number, -(-count // PAGE))), count=count)

    @property
    def first(self) -> int:
        """The first row shown, from 1; 0 where there are none."""
        return min(self.count, (self.number - 1) * PAGE + 1)

    @property
    def last(self) -> int:
        """The last row shown."""
        return min(self.count, self.number * PAGE)

    @property
    def previous(self) -> int:
        """The number of the page before; 0 where there is none."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The number of the page after; 0 where there is none."""
        return self.number + 1 if self.last < self.count else 0

    def cut(self, services: ServiceQuerySet) -> ServiceQuerySet:
        """The rows of this page, in shop order."""
        return services.in_shop_order()[(self.number - 1) * PAGE : self.number * PAGE]


def is_per_order(type_name: str) -> bool:
    """Whether rate and price of a type are per order; for an unknown type they are per 1000."""
    kind = service_types.find(type_name)
    return kind is not None and kind.is_per_order


def unit_of(type_name: str) -> str:
    """The unit that a price of this type is for."""
    kind = service_types.find(type_name)
    if kind is not None and kind.is_subscription:
        return "post"
    return "order" if is_per_order(type_name) else "1,000"


def is_limited(type_name: str) -> bool:
    """Whether minimum and maximum apply to this type."""
    kind = service_types.find(type_name)
    return kind is None or kind.is_limited


def grouped(services: ServiceQuerySet) -> list[Group]:
    """Services in shop order under the headings of their categories. One query."""
    found = groupby(_rows(services), key=lambda row: (row.category_id, row.category))
    return [Group(name=name, rows=tuple(rows)) for (_, name), rows in found]


def _rows(services: ServiceQuerySet) -> list[Row]:
    return [
        Row(
            pk=service.pk,
            name=service.name,
            description=service.description,
            category=service.category.name,
            category_id=service.category_id,
            unit=unit_of(service.type),
            price=service.price,
            min_quantity=service.min_quantity,
            max_quantity=service.max_quantity,
            average_time=service.average_time,
            is_limited=is_limited(service.type),
            is_refill=service.is_refill,
            is_cancel=service.is_cancel,
        )
        for service in services.select_related("category")
    ]
