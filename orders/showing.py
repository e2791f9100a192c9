"""Showing orders to their customer: what a row and a page say, made ready so that templates decide nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings

from billing.models import Transfer, TransferKind
from catalog.service_types import find
from orders.aftercare import can_cancel, can_refill
from orders.explaining import charge_formula, is_per_order, plain
from orders.models import OPEN_REQUEST, Cancellation, Event, EventKind, Order, OrderQuerySet, Refill, Status

PATIENCE: Final = timedelta(minutes=10)  # an order that is still unsent is then explained
TONES: Final = {
    EventKind.PLACED: "info",
    EventKind.ACCEPTED: "info",
    EventKind.REFUSED: "bad",
    EventKind.REFUNDED: "good",
    EventKind.ENDED: "good",
    EventKind.REFILL: "warn",
    EventKind.CANCEL: "warn",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One order in a list."""

    order: Order
    quantity: str
    can_refill: bool
    can_cancel: bool
    is_live: bool  # may still change by itself


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    title: str
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of money, as the customer's wallet sees it."""

    at: datetime
    label: str
    formula: str
    amount: Decimal
    balance_before: Decimal
    balance_after: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the page of one order says."""

    row: Row
    fields: list[tuple[str, list[str]]]  # label, lines
    delivered: int | None  # units, where the provider has told how many remain
    is_slow: bool  # not with the provider after a while: say that it is being looked after
    refills: list[Refill]
    cancellations: list[Cancellation]
    movements: list[Movement]
    moments: list[Moment]


def with_requests(orders: OrderQuerySet) -> OrderQuerySet:
    """The orders with all that a row asks for, in a fixed number of queries."""
    return orders.select_related("service").prefetch_related("refills", "cancellations")


def rows_of(orders: Iterable[Order]) -> list[Row]:
    """A row for each order; the orders come from `with_requests`."""
    return [_row(order) for order in orders]


def sheet_of(order: Order, *, now: datetime) -> Sheet:
    """The page of one order, which comes from `with_requests`. Internal events are left out."""
    events = list(order.events.filter(is_internal=False).order_by("pk"))
    delivered = None if order.remains is None else order.billed_quantity - order.remains
    return Sheet(
        row=_row(order),
        fields=list(_fields(order)),
        delivered=None if is_per_order(order.service.type) else delivered,
        is_slow=order.status in {Status.UNCLEAR, Status.HELD} and now - order.created_at > PATIENCE,
        refills=sorted(order.refills.all(), key=lambda refill: -refill.pk),
        cancellations=sorted(order.cancellations.all(), key=lambda request: -request.pk),
        movements=list(_movements(order, events=events)),
        moments=[_moment(event) for event in events],
    )


def _row(order: Order) -> Row:
    requests = [*order.refills.all(), *order.cancellations.all()]
    return Row(
        order=order,
        quantity=_quantity(order),
        can_refill=can_refill(order),
        can_cancel=can_cancel(order),
        is_live=not order.is_ended or any(request.state in OPEN_REQUEST for request in requests),
    )


def _quantity(order: Order) -> str:
    if order.quantity is None:
        return f"{order.billed_quantity:,}"
    runs = order.fields.get("runs")
    return f"{order.quantity:,} × {runs}" if runs else f"{order.quantity:,}"


def _fields(order: Order) -> Iterator[tuple[str, list[str]]]:
    kind = find(order.service.type)
    for name, text in order.fields.items():
        field = kind.field(name) if kind else None
        words = dict(field.choices) if field else {}
        yield field.label if field else name, [words.get(line, line) for line in text.split("\n")]


def _movements(order: Order, *, events: list[Event]) -> Iterator[Movement]:
    """The charge with its formula, and each refund with the one that its event tells."""
    refunds = {_owed_of(event): event.text for event in events if event.kind == EventKind.REFUNDED}
    transfers = Transfer.objects.filter(reference__startswith=f"order:{order.pk}:", wallet__owner=order.user_id)
    for transfer in transfers.order_by("wallet_seq"):
        is_charge = transfer.kind == TransferKind.CHARGE
        told = refunds.get(transfer.reference.rpartition(":")[2], "")
        yield Movement(
            at=transfer.created_at,
            label="Charge" if is_charge else "Refund",
            formula=_charge_formula(order) if is_charge else told.partition(": ")[2],
            amount=transfer.signed_amount,
            balance_before=transfer.balance_after - transfer.signed_amount,
            balance_after=transfer.balance_after,
        )


def _owed_of(event: Event) -> str:
    """The sum that a refund led up to, as its transfer's reference ends."""
    return f"{Decimal(event.detail.get('owed', '0')):.5f}"


def _charge_formula(order: Order) -> str:
    return charge_formula(
        price=order.price,
        billed_quantity=order.billed_quantity,
        is_per_order=is_per_order(order.service.type),
        charge=order.charge,
    )


def _moment(event: Event) -> Moment:
    kind = EventKind(event.kind)
    title, _, text = event.text.partition(": ")
    if kind == EventKind.PLACED:
        title, text = "Placed", event.text
    if kind == EventKind.REFUNDED and "amount" in event.detail:
        title = f"Refunded {plain(Decimal(event.detail['amount']))} {settings.PANEL_CURRENCY}"
    return Moment(at=event.at, title=title, text=text, tone=TONES.get(kind, "idle"))
