"""The form of a new order as a browser sends it."""

from decimal import Decimal
from uuid import uuid4

from accounts.models import User
from billing.models import Account, Transfer, TransferKind
from catalog.models import Service
from orders.models import Order
from orders.placing.price_quote import quote

LINK = "https://example.com/page"


def filled_in(user: User, service: Service, **fields: str) -> dict[str, str]:
    """The form as a browser sends it."""
    own = {
        "service": str(service.pk),
        "quote": quote(customer=user, service=service),
        "idempotency_key": str(uuid4()),
    }
    return own | {"link": LINK, "quantity": "1000", "runs": "", "interval": ""} | fields


def assert_nothing_ordered(user: User, *, balance: str = "10") -> None:
    assert not Order.objects.exists()
    assert not Transfer.objects.filter(kind=TransferKind.CHARGE).exists()
    assert Account.objects.get(owner=user).balance == Decimal(balance)
