"""The formula behind a charge, as customers and the timeline read it."""

from decimal import Decimal

from catalog.models import Service
from catalog.upstream.service_types import find
from lib.decimals import plain


def is_per_order(type_name: str) -> bool:
    """Whether services of this type are sold per order instead of per 1000 units."""
    kind = find(type_name)
    return kind is not None and kind.is_per_order


def unit(service: Service) -> str:
    """What a service's price is for."""
    kind = find(service.type)
    if kind is not None and kind.is_subscription:
        return "per post"
    return "per order" if is_per_order(service.type) else "per 1000"


def charge_formula(
    *, price: Decimal, billed_quantity: int, is_per_order: bool, charge: Decimal
) -> str:
    """Where a charge comes from: "0.90 × 1,500 / 1,000 = 1.35", or "2.50 per order"."""
    if is_per_order:
        return f"{plain(charge)} per order"
    return f"{plain(price)} × {billed_quantity:,} / 1,000 = {plain(charge)}"
