"""What a customer sees of an order, in a row and on its page. Templates only print it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings

from billing.models import SubjectKind, Transfer, TransferKind
from lib.decimals import plain
from orders.aftercare.requests import can_cancel, can_refill, has_open
from orders.lifecycle.charge_text import charge_formula
from orders.lifecycle.costs import post_charge
from orders.models import (
    Cancellation,
    Event,
    EventKind,
    Order,
    OrderQuerySet,
    Refill,
    Status,
)
from orders.pages.order_list import NOT_RUNNING

MAX_UNSENT: Final = timedelta(minutes=10)  # then an unsent order is explained
TONES: Final = {
    EventKind.PLACED: "info",
    EventKind.ACCEPTED: "info",
    EventKind.REFUSED: "bad",
    EventKind.REFUNDED: "good",
    EventKind.POST: "info",
}
# What a title says of a refill, a cancellation or an end: the first word that it has
STATES: Final = {
    "rejected": "bad",
    "failed": "bad",
    "canceled": "idle",
    "withdrawn": "idle",
    "partial": "warn",
    "requested": "warn",
    "completed": "good",
}
TOLD_BY_TITLE: Final = {EventKind.REFILL: "info", EventKind.CANCEL: "info", EventKind.ENDED: "good"}


@dataclass(frozen=True, slots=True)
class Row:
    """One order in a list."""

    order: Order
    link: str  # or username of a subscription
    quantity: str
    status: str  # of a subscription, the provider's state
    can_refill: bool
    can_cancel: bool
    is_live: bool  # can still change


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
class Posts:
    """Progress of a subscription."""

    paid: int
    owed: int  # delivered but not paid, for lack of balance
    charge: Decimal  # per post


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the page of one order."""

    row: Row
    fields: list[tuple[str, list[str]]]  # label, lines
    posts: Posts | None  # of a subscription
    dripfeed: str  # "5 runs of 100 every 30 minutes, 500 in total"; or empty
    delivered: int | None  # units, once the provider has reported remains
    is_slow: bool  # still unsent after MAX_UNSENT: say that it is being checked
    refills: list[Refill]
    cancellations: list[Cancellation]
    movements: list[Movement]
    moments: list[Moment]


def with_requests(orders: OrderQuerySet) -> OrderQuerySet:
    """The orders with everything a row needs, in a fixed number of queries."""
    return orders.select_related("service", "subscription").prefetch_related(
        "refills", "cancellations"
    )


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
        posts=_posts(order),
        dripfeed=_dripfeed(order),
        delivered=None if order.is_per_order else delivered,
        is_slow=order.status in NOT_RUNNING and now - order.created_at > MAX_UNSENT,
        refills=sorted(order.refills.all(), key=lambda refill: -refill.pk),
        cancellations=sorted(order.cancellations.all(), key=lambda request: -request.pk),
        movements=list(_movements(order, events=events)),
        moments=[_moment(event) for event in events],
    )


def _row(order: Order) -> Row:
    requests = [*order.refills.all(), *order.cancellations.all()]
    return Row(
        order=order,
        link=order.link or order.fields.get("username", ""),
        quantity=_quantity(order),
        status=_status(order),
        can_refill=can_refill(order),
        can_cancel=can_cancel(order),
        is_live=not order.is_ended or has_open(requests),
    )


def _status(order: Order) -> str:
    """The status; of a subscription the provider's, while it runs and once it has expired."""
    state = order.subscription.state if order.is_subscription else ""
    return (
        state
        if state and (order.status == Status.RUNNING or state == "Expired")
        else order.customer_status
    )


def _posts(order: Order) -> Posts | None:
    if order.posts is None:
        return None
    return Posts(paid=order.posts, owed=order.subscription.owed, charge=post_charge(order))


def _dripfeed(order: Order) -> str:
    runs, minutes = order.fields.get("runs"), order.fields.get("interval")
    if not runs or order.quantity is None:
        return ""
    return (
        f"{int(runs):,} runs of {order.quantity:,} every {minutes} minutes, "
        f"{order.billed_quantity:,} in total"
    )


def _quantity(order: Order) -> str:
    if order.is_subscription:
        return f"{order.fields.get('min', '')}–{order.fields.get('max', '')}"
    if order.quantity is None:
        return f"{order.billed_quantity:,}"
    runs = order.fields.get("runs")
    return f"{order.quantity:,} × {runs}" if runs else f"{order.quantity:,}"


def _fields(order: Order) -> Iterator[tuple[str, list[str]]]:
    kind = order.kind
    names = [field.name for field in kind.fields] if kind else []
    for name in sorted(
        order.fields, key=lambda name: (names.index(name) if name in names else len(names), name)
    ):
        if name in {"runs", "interval"}:
            continue  # shown with the quantity
        text = order.fields[name]
        field = kind.field(name) if kind else None
        words = dict(field.choices) if field else {}
        yield field.label if field else name, [words.get(line, line) for line in text.split("\n")]


def _movements(order: Order, *, events: list[Event]) -> Iterator[Movement]:
    """The charge with its formula, and each refund with the one that its event tells."""
    texts = {_owed_of(event): event.text for event in events if event.kind == EventKind.REFUNDED}
    transfers = Transfer.objects.about(SubjectKind.ORDER, order.pk)
    charges, refunded = 0, Decimal(0)
    for transfer in transfers.filter(wallet__owner=order.user_id):
        is_charge = transfer.kind == TransferKind.CHARGE
        if is_charge:
            charges += 1
        else:
            refunded += transfer.amount
        told = texts.get(refunded, "")
        charge_label = f"Post {charges}" if order.is_subscription else "Charge"
        yield Movement(
            at=transfer.created_at,
            label=charge_label if is_charge else "Refund",
            formula=_charge_formula(order) if is_charge else told.partition(": ")[2],
            amount=transfer.signed_amount,
            balance_before=transfer.balance_after - transfer.signed_amount,
            balance_after=transfer.balance_after,
        )


def _owed_of(event: Event) -> Decimal:
    """The sum up to which the order was refunded."""
    return Decimal(event.detail.get("owed", "0"))


def _charge_formula(order: Order) -> str:
    if order.is_subscription:
        return f"{plain(post_charge(order))} per post"
    return charge_formula(
        price=order.price,
        billed_quantity=order.billed_quantity,
        is_per_order=order.is_per_order,
        charge=order.charge,
    )


def _moment(event: Event) -> Moment:
    kind = EventKind(event.kind)
    title, _, text = event.text.partition(": ")
    if kind == EventKind.PLACED:
        title, text = "Placed", event.text
    if kind == EventKind.REFUNDED and "amount" in event.detail:
        title = f"Refunded {plain(Decimal(event.detail['amount']))} {settings.PANEL_CURRENCY}"
    return Moment(at=event.at, title=title, text=text, tone=_tone(kind, event.text))


def _tone(kind: EventKind, text: str) -> str:
    usual = TOLD_BY_TITLE.get(kind)
    if usual is None:
        return TONES.get(kind, "idle")
    # not in a reason, which comes after the colon
    said = (text if kind == EventKind.ENDED else text.partition(":")[0]).lower()
    return next((tone for word, tone in STATES.items() if word in said), usual)
