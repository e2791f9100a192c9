"""Place an order only if no other of that service is open for its link, as some programs expect."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from catalog.models import Service
from catalog.prices.arithmetic import charge_for
from catalog.upstream.service_types import find
from lib.advisory_locks import wait_in_transaction_for
from orders.models import Order
from orders.placing.check_fields import check
from orders.placing.open_links import bare, spellings
from orders.placing.place_order import NotOnSale, find_placed, place_order


class LinkTaken(Exception):
    """The customer has an open order of this service for this link; nothing was charged."""


class TooDear(Exception):
    """The order would cost more than the customer allows; nothing was charged."""


@transaction.atomic
def place_alone(
    *,
    customer: User,
    service: Service,
    values: Mapping[str, str],
    now: datetime,
    client_key: str | None,
    max_charge: Decimal | None = None,
) -> Order:
    """Place the order as `place_order` does, unless one of the service is open for the link.

    Of two at once, without a key, one is placed. With `max_charge` (panel currency) the order costs
    that at most. An order that `client_key` has placed with these values before is returned as it
    is, whatever has changed since.

    Raises LinkTaken, TooDear, and what place_order raises.
    """
    placed = _placed(customer=customer, service=service, values=values, client_key=client_key)
    if placed is None:
        _take_turn(customer=customer, service=service, link=values.get("link", ""))
        placed = _placed(customer=customer, service=service, values=values, client_key=client_key)
    if placed:
        return placed
    if not service.is_on_sale:
        raise NotOnSale("This service is no longer on sale.")
    _check_link(customer=customer, service=service, link=values.get("link", ""))
    if max_charge is not None and _charge(service=service, values=values) > max_charge:
        raise TooDear
    return place_order(
        customer=customer,
        service=service,
        values=values,
        now=now,
        client_key=client_key,
        quoted_price=None if max_charge is None else service.price,
    )


def _placed(
    *, customer: User, service: Service, values: Mapping[str, str], client_key: str | None
) -> Order | None:
    if client_key is None:
        return None
    return find_placed(customer=customer, service=service, values=values, client_key=client_key)


def _take_turn(*, customer: User, service: Service, link: str) -> None:
    """Wait until nobody else orders this service for this link; there is no row to lock yet."""
    if not bare(link):
        return
    wait_in_transaction_for(f"order:{customer.pk}:{service.pk}:{bare(link)}")


def _check_link(*, customer: User, service: Service, link: str) -> None:
    taken = customer.orders.open().filter(service=service, link__in=spellings(link))
    if bare(link) and taken.exists():
        raise LinkTaken


def _charge(*, service: Service, values: Mapping[str, str]) -> Decimal:
    kind = find(service.type)
    if kind is None:
        raise NotOnSale("This service is no longer on sale.")
    wanted = check(kind=kind, service=service, values=values)
    return charge_for(
        price=service.price, billed_quantity=wanted.billed_quantity, is_per_order=kind.is_per_order
    )
