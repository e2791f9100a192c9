"""The signed offer of a checked mass order: its text, its prices, and its idempotency key."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import uuid4

from django.core import signing

from accounts.models import User
from orders.mass_order.lines import MassCheck
from orders.mass_order.parse import LINE_END

SALT: Final = "orders.mass_offer"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the customer saw; ordering it again gives the same orders."""

    key: str
    prices: dict[int, Decimal]  # by service, per 1000 or per order: the most that is charged


def new_key() -> str:
    """A key that no mass order has had."""
    return str(uuid4())


def sign_offer(*, customer: User, text: str, key: str, check: MassCheck) -> str:
    """The prices that `check` found for `text`, signed; the key is for this text only."""
    prices = {str(line.service.pk): str(line.service.price) for line in check.lines if line.service}
    return signing.dumps([customer.pk, key, _digest(text), prices], salt=SALT, compress=True)


def read_offer(*, offer: str, customer: User, text: str) -> Offer | None:
    """The offer; None where it was altered or made for another customer or text."""
    try:
        owner, key, digest, prices = signing.loads(offer, salt=SALT)
    except signing.BadSignature:
        return None
    if (owner, digest) != (customer.pk, _digest(text)):
        return None
    return Offer(key=key, prices={int(pk): Decimal(price) for pk, price in prices.items()})


def _digest(text: str) -> str:
    """Of the text, whatever line endings the browser sends."""
    return hashlib.sha256("\n".join(LINE_END.split(text.rstrip())).encode()).hexdigest()
