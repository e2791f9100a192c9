"""The provider's own catalog: services by id, and their price."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.double.money import rounded_up
from tests.double.service_types import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Service:
    """One row of the catalog; `rate` is text as it is answered, per 1000 or per order by type."""

    service: int
    name: str
    type: str = "Default"
    category: str | None = "First Category"
    rate: str = "0.90"
    min: int = 50
    max: int = 10000
    refill: bool = True
    cancel: bool = True
    dripfeed: bool = False
    average_time: str = "Not enough data"
    description: str = ""

    @property
    def kind(self) -> Kind:
        return kind_of(self.type)

    @property
    def row(self) -> dict[str, Any]:
        """Write it as documented: the limits as text."""
        return {**asdict(self), "min": str(self.min), "max": str(self.max)}

    def charge(self, *, units: int) -> Decimal | None:
        """Price an order, rounded up at five decimals; None where the rate is not a price."""
        try:
            rate = Decimal(self.rate)
        except InvalidOperation:
            return None
        if not rate.is_finite() or rate < 0:
            return None
        return rounded_up(rate * units if self.kind.is_flat else rate * units / 1000)


NAMES = frozenset(field.name for field in fields(Service))


def service_from(row: Mapping[str, Any]) -> Service:
    """Make a service of a JSON row (min and max also as text); raises ValueError for an unknown
    field.
    """
    if unknown := set(row) - NAMES:
        raise ValueError(f"a service has no {', '.join(sorted(unknown))}")
    numbers = {name: int(row[name]) for name in ("service", "min", "max") if name in row}
    return Service(**{"name": f"Service {row['service']}", **row, **numbers})


class Shop:
    """The services on sale; `version` grows with every change, so that answers can be cached."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.version = 0
        self._services = {service.service: service for service in services}
        self._rows: tuple[int, list[dict[str, Any]]] | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Write the catalog: the documented nine keys in their order, then three that real
        panels add.
        """
        if self._rows is None or self._rows[0] != self.version:
            self._rows = (self.version, [service.row for service in self])
        return self._rows[1]

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def find(self, text: str) -> Service | None:
        """Find a service by its id as it was sent."""
        return self._services.get(int(text)) if text.isascii() and text.isdigit() else None

    def replace(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Sell these instead of everything before."""
        self.sell(map(service_from, rows))

    def sell(self, services: Iterable[Service]) -> None:
        """Sell these, ready made, instead of everything before."""
        self._services = {service.service: service for service in services}
        self.version += 1

    def put(self, row: Mapping[str, Any]) -> None:
        """Add a service, or change the named fields of one."""
        known = self._services.get(int(row["service"]))
        service = service_from({**asdict(known), **row}) if known else service_from(row)
        self._services[service.service] = service
        self.version += 1

    def remove(self, numbers: Iterable[int]) -> None:
        """Take services off sale; unknown ids are ignored."""
        for number in numbers:
            self._services.pop(int(number), None)
        self.version += 1
