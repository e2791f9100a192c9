"""Quoting: a price that a page has shown, signed, the most that is charged; and what an order would
cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.core import signing

from accounts.models import User
from catalog.models import Service
from catalog.prices.arithmetic import charge_for
from catalog.upstream.service_types import find
from orders.lifecycle.charge_text import charge_formula
from orders.placing.check_fields import FieldErrors, check

SALT: Final = "orders.quote"


def quote(*, customer: User, service: Service) -> str:
    """The service's present price, signed for this customer and this service."""
    return signing.dumps([customer.pk, service.pk, str(service.price)], salt=SALT)


def read_quote(*, text: str, customer: User, service: Service) -> Decimal | None:
    """The price that was quoted; None where the text is altered, or was made for someone or
    something else.
    """
    try:
        customer_pk, service_pk, price = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Decimal(price) if (customer_pk, service_pk) == (customer.pk, service.pk) else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an order would cost now, and what would be left of the balance (negative: not enough)."""

    charge: Decimal
    balance_after: Decimal
    formula: str


def forecast(*, service: Service, values: Mapping[str, str], balance: Decimal) -> Forecast | None:
    """What these `add` fields would cost; None where they cannot be ordered so."""
    kind = find(service.type)
    if kind is None:
        return None
    try:
        units = check(kind=kind, service=service, values=values).billed_quantity
    except FieldErrors:
        return None
    charge = charge_for(price=service.price, billed_quantity=units, is_per_order=kind.is_per_order)
    formula = charge_formula(
        price=service.price, billed_quantity=units, is_per_order=kind.is_per_order, charge=charge
    )
    return Forecast(charge=charge, balance_after=balance - charge, formula=formula)
