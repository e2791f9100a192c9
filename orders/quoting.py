"""Quoting: a price that a page has shown, signed, so that the price shown is the price charged at most."""

from decimal import Decimal
from typing import Final

from django.core import signing

from accounts.models import User
from catalog.models import Service

SALT: Final = "orders.quote"


def quote(*, customer: User, service: Service) -> str:
    """The service's present price, signed for this customer and this service."""
    return signing.dumps([customer.pk, service.pk, str(service.price)], salt=SALT)


def read_quote(*, text: str, customer: User, service: Service) -> Decimal | None:
    """The price that was quoted; None where the text is altered, or was made for someone or something else."""
    try:
        customer_pk, service_pk, price = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Decimal(price) if (customer_pk, service_pk) == (customer.pk, service.pk) else None
