"""A signed price, which is the most that is charged; and what an order would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.core import signing

from accounts.models import User
from billing.models import Account
from catalog.models import Service
from catalog.prices.arithmetic import charge_for
from catalog.upstream.service_types import find
from lib.query_text import is_id
from orders.placing.check_fields import count_units
from orders.placing.subscription_cover import needed_by_open, next_posts

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
    """What an order would cost now, and what would be left of the balance."""

    charge: Decimal
    balance_after: Decimal
    is_short: bool  # not even the credit limit covers it
    # what the balance must cover beside a post: existing posts, and the customer's other
    # subscriptions
    reserved: Decimal = Decimal(0)


def forecast(*, customer: User, service: Service, values: Mapping[str, str]) -> Forecast | None:
    """What these `add` fields would cost; None while their units cannot be counted.

    Limits and the other fields are not checked.
    """
    kind = find(service.type)
    units = count_units(kind=kind, values=values) if kind else None
    if kind is None or units is None:
        return None
    charge = charge_for(price=service.price, billed_quantity=units, is_per_order=kind.is_per_order)
    wallet = Account.objects.filter(owner=customer).values_list("balance", "credit_limit").first()
    balance, limit = wallet or (Decimal(0), Decimal(0))
    left, reserved = balance - charge, Decimal(0)
    if kind.is_subscription:
        others = needed_by_open(customer=customer)
        reserved = others + charge * (next_posts(_numbers(values)) - 1)
    return Forecast(
        charge=charge,
        balance_after=left,
        is_short=left - reserved < -limit,
        reserved=reserved,
    )


def _numbers(values: Mapping[str, str]) -> dict[str, str]:
    """How many posts are asked for, as far as that can be read."""
    asked = {name: values.get(name, "").strip() for name in ("posts", "old_posts")}
    return {name: text for name, text in asked.items() if is_id(text)}
