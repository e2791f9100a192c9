"""Place an order: rules of the service → price → charge → order row → transfer, all or nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from psycopg import errors

from accounts.models import User
from billing import ledger
from billing.reference import order_charge
from catalog.models import Service
from catalog.prices.arithmetic import charge_for, cost_for
from catalog.upstream.service_types import ServiceType, find
from lib.decimals import plain
from orders.lifecycle.charge_text import charge_formula
from orders.models import EventKind, Order, Status, Subscription
from orders.placing.check_fields import FieldErrors, Problem, Wanted, check
from orders.placing.free_orders import FreeLimitReached, check_free_limit
from orders.placing.link_rule import find_fault, with_link_rules
from orders.placing.subscription_cover import check_cover

KEY_LENGTH = 100  # characters of Order.client_key


class NotOnSale(Exception):
    """Nobody can buy this service now; customers may read why."""


class PriceChanged(Exception):
    """The price rose above the one that the customer agreed to."""

    def __init__(self, *, old: Decimal, new: Decimal) -> None:
        super().__init__(f"the price rose from {old} to {new}")
        self.old = old
        self.new = new


class KeyReused(Exception):
    """The idempotency key was used before, for another order."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What the customer asks for, unchecked."""

    customer: User
    service: Service
    values: Mapping[str, str]
    now: datetime
    quoted_price: Decimal | None


def place_order(
    *,
    customer: User,
    service: Service,
    values: Mapping[str, str],
    now: datetime,
    client_key: str | None = None,
    quoted_price: Decimal | None = None,
) -> Order:
    """Charge one order and store it, ready to be forwarded; an error changes nothing.

    `values` are the `add` fields of the service's type by their protocol names. The price is the
    database's: with `quoted_price` (per 1000 or per order) the customer pays that at most. The same
    `client_key` and values give the same order again, charged once, however many ask at once. A
    subscription is charged nothing yet, but the balance must cover the next posts of all that the
    customer has open.

    Raises FieldErrors (FreeLimitReached is one), NotOnSale, PriceChanged, KeyReused, and
    ledger.InsufficientFunds (of a subscription NotCovered).
    """
    request = _Request(customer, service, values, now, quoted_price)
    if client_key is None:
        return _place(request)
    _check_key(client_key)
    request_hash = _hash_of(service=service, values=values)
    placed = _placed_before(customer=customer, client_key=client_key, request_hash=request_hash)
    if placed:
        return placed
    try:
        return _place(request, client_key=client_key, request_hash=request_hash)
    except (IntegrityError, FreeLimitReached) as error:
        # Another request with this key was first and has committed: the index, or the lock of free
        # orders, made us wait.
        if isinstance(error, IntegrityError) and not _is_repeat(error):
            raise
        placed = _placed_before(customer=customer, client_key=client_key, request_hash=request_hash)
        if placed is None:
            raise
        return placed


def find_placed(
    *, customer: User, service: Service, values: Mapping[str, str], client_key: str
) -> Order | None:
    """The order that this key has placed with these values, if any. Raises KeyReused."""
    return _placed_before(
        customer=customer,
        client_key=client_key,
        request_hash=_hash_of(service=service, values=values),
    )


@transaction.atomic
def _place(request: _Request, *, client_key: str | None = None, request_hash: str = "") -> Order:
    # Read again, but not locked: the price of any moment is right, and with a lock customers and
    # syncs would wait for each other.
    service, kind = _on_sale(service=request.service)
    wanted = check(kind=kind, service=service, values=request.values, now=request.now)
    _check_link(service=service, link=wanted.link)
    if request.quoted_price is not None and service.price > request.quoted_price:
        raise PriceChanged(old=request.quoted_price, new=service.price)
    if service.is_free:
        check_free_limit(customer=request.customer, service=service, now=request.now)
    charge = _charge_of(kind=kind, service=service, wanted=wanted)
    order = _new_order(request, service=service, kind=kind, wanted=wanted, charge=charge)
    order.client_key, order.request_hash = client_key, request_hash
    order.save(force_insert=True)
    if kind.is_subscription:
        return _begin_posts(order=order, charge=charge, now=request.now)
    if charge:  # a free order moves no money
        reference = order_charge(order.pk)
        ledger.charge(customer=order.user, amount=charge, reference=reference, now=request.now)
    formula = charge_formula(
        price=service.price,
        billed_quantity=wanted.billed_quantity,
        is_per_order=kind.is_per_order,
        charge=charge,
    )
    order.record(kind=EventKind.PLACED, text=f"Charged {formula}", now=request.now)
    return order


def _new_order(
    request: _Request, *, service: Service, kind: ServiceType, wanted: Wanted, charge: Decimal
) -> Order:
    """The row, not saved yet; `charge` is for the order, or for each post of a subscription."""
    return Order(
        user=request.customer,
        service=service,
        provider_id=service.provider_id,
        service_name=service.name,
        service_type=kind.name,
        link=wanted.link,
        quantity=wanted.quantity,
        fields=wanted.fields,
        billed_quantity=wanted.billed_quantity,
        posts=0 if kind.is_subscription else None,
        rate=service.rate,
        cost=cost_for(
            cost=service.cost,
            billed_quantity=wanted.billed_quantity,
            is_per_order=kind.is_per_order,
        ),
        price=service.price,
        charge=Decimal(0) if kind.is_subscription else charge,
        status=Status.WAITING,
        submit_at=request.now,
        created_at=request.now,
    )


def _begin_posts(*, order: Order, charge: Decimal, now: datetime) -> Order:
    """Charge nothing before a post is served; `charge` is for each. Raises NotCovered."""
    check_cover(order=order, charge=charge)
    Subscription.objects.create(order=order)
    text = f"{plain(charge)} is charged after each post"
    order.record(kind=EventKind.PLACED, text=text, now=now)
    return order


def _on_sale(*, service: Service) -> tuple[Service, ServiceType]:
    """The service as it is now. Raises NotOnSale, also where each sale would lose money."""
    fresh = with_link_rules(Service.objects.on_sale()).filter(pk=service.pk).first()
    kind = find(fresh.type) if fresh else None
    if fresh is None or kind is None or not kind.is_sellable:
        raise NotOnSale("This service is no longer on sale.")
    # posts that cost nothing cannot be counted
    if fresh.is_below_cost or (kind.is_subscription and not fresh.rate):
        raise NotOnSale("This service is being repriced. Please try again later.")
    return fresh, kind


def _check_link(*, service: Service, link: str) -> None:
    """Refuse what the admin refuses. Warnings are the pages' business."""
    fault = find_fault(service=service, link=link)
    if fault and fault.is_rejected:
        raise FieldErrors({"link": Problem(fault.message)})


def _charge_of(*, kind: ServiceType, service: Service, wanted: Wanted) -> Decimal:
    charge = charge_for(
        price=service.price, billed_quantity=wanted.billed_quantity, is_per_order=kind.is_per_order
    )
    if charge > ledger.MAX_VALUE:
        counted = kind.lines_field or ("quantity" if kind.has_quantity else "link")
        raise FieldErrors({counted: Problem("One order cannot cost this much.", "too_large")})
    return charge


def _check_key(client_key: str) -> None:
    if not (0 < len(client_key) <= KEY_LENGTH and client_key.isprintable()):
        message = f"An idempotency key has 1 to {KEY_LENGTH} printable characters."
        raise FieldErrors({"idempotency_key": Problem(message)})


def _hash_of(*, service: Service, values: Mapping[str, str]) -> str:
    """A digest of the parameters; empty fields count as absent."""
    given = sorted((name, text.strip()) for name, text in values.items() if text.strip())
    return hashlib.sha256(json.dumps([service.pk, given]).encode()).hexdigest()


def _placed_before(*, customer: User, client_key: str, request_hash: str) -> Order | None:
    placed = customer.orders.filter(client_key=client_key).first()
    if placed and placed.request_hash != request_hash:
        raise KeyReused(f"This key was already used for order {placed.pk} with other values.")
    return placed


def _is_repeat(error: IntegrityError) -> bool:
    cause = error.__cause__
    return (
        isinstance(cause, errors.UniqueViolation)
        and cause.diag.constraint_name == "order_client_key"
    )
