"""The prices that a change would move, as admins see them before they save it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from catalog.models import Service
from catalog.prices.reprice import Preview

MAX_SHOWN: Final = 100  # rows: those that change most


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of a preview."""

    service: Service
    cost: Decimal
    before: Decimal
    after: Decimal


def preview_context(preview: Preview | None) -> dict[str, object]:
    """What `_price_preview.html` shows."""
    rows = _rows(preview) if preview else []
    return {"preview": preview, "rows": rows, "shown": MAX_SHOWN}


def _rows(preview: Preview) -> list[PriceRow]:
    """The prices that change most, in proportion."""
    moved = sorted(
        preview.moved,
        key=lambda row: (
            abs(row.priced.price - row.price_before) / max(row.price_before, Decimal("0.00000001"))
        ),
        reverse=True,
    )[:MAX_SHOWN]
    services = Service.objects.in_bulk([row.service for row in moved])
    return [
        PriceRow(
            service=services[row.service],
            cost=row.priced.cost,
            before=row.price_before,
            after=row.priced.price,
        )
        for row in moved
    ]
