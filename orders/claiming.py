"""Claiming: one worker takes one due order and writes the attempt down, before anything can leave for the provider."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Q

from billing.models import Halt
from catalog import pricing, service_types
from catalog.models import Provider
from orders.clock import database_now
from orders.distinguishing import MOST_OPEN, keeps_distinct
from orders.faultpoints import reach
from orders.holding import hold
from orders.landmarks import quiet
from orders.models import Attempt, AttemptState, EventKind, HoldReason, Order, Status
from orders.timeline import record

OPEN_ATTEMPT = [AttemptState.PREPARED, AttemptState.SENT, AttemptState.UNKNOWN]
# What the unique index allows once for each order: a second attempt beside one of these is never made
POSSIBLY_PLACED = [*OPEN_ATTEMPT, AttemptState.ACCEPTED, AttemptState.PLACED]
MOST_LOOKED_AT = 20  # due orders among which one that can be told apart is sought
# An order can only be settled by one that was accepted long enough after it: so what is older than the quiet time
# yields where no order that is due can be told apart from it, and what staff have for so long does not count at all.
WITH_STAFF = timedelta(minutes=30)
MOST_HELD = 20  # orders held in one transaction: it should stay short


@dataclass(frozen=True, slots=True)
class Claim:
    """One order that this worker, and nobody else, may forward now."""

    attempt_id: int
    order_id: int
    provider_id: int
    owner: UUID
    fields: dict[str, str] = field(repr=False)  # of `add`
    idempotency_key: str | None
    doubtful_words: tuple[str, ...]  # of this provider, beside the client's own
    is_429_unclear: bool  # whether this provider may have placed an order that it answers with 429


@transaction.atomic
def claim(*, provider_id: int, owner: UUID) -> Claim | None:
    """Take the provider's order that has been due longest; None where none is due or the lane is closed.

    Afterwards the order is SUBMITTING and has an attempt `prepared` with a lease by the database's clock. An order
    whose present cost is above its charge is held instead of sold at a loss, and one that may be placed already is
    held for staff. Two workers never get the same one.
    """
    now = database_now()
    provider = open_lane(provider_id=provider_id, now=now)
    if provider is None:
        return None
    for _ in range(MOST_HELD):
        order = _next_due(provider, now)
        if order is None:
            return None
        if order.attempts.filter(state__in=POSSIBLY_PLACED).exists():
            text = "It waits, though an attempt to place it may have succeeded: look before it is sent."
            hold(order=order, reason=HoldReason.STAFF, text=text, now=now)
            continue
        cost = present_cost(order)
        if cost <= max(order.charge, order.cost):  # staff who accept a loss raise the order's own cost to it
            return _prepare(order, provider, owner=owner, now=now)
        hold(
            order=order,
            reason=HoldReason.LOSS,
            text=f"It would cost {cost:.5f} now, but the charge is {order.charge:.5f}.",
            now=now,
        )
    return None


def due_at(now: datetime) -> Q:
    """Selects the orders that may be sent now."""
    return Q(status=Status.WAITING, submit_at__lte=now)


def open_at(now: datetime) -> Q:
    """Selects the providers to whom orders may be sent now: neither paused nor fenced off by the resolver.

    None at all while the money is halted.
    """
    is_halted = Exists(Halt.objects.filter(is_standing=True))
    return Q(paused_at=None) & (Q(fenced_until=None) | Q(fenced_until__lt=now)) & ~Q(is_halted)


def present_cost(order: Order) -> Decimal:
    """What the order would cost us now, panel currency."""
    return pricing.cost_for(
        cost=order.service.cost, billed_quantity=order.billed_quantity, is_per_order=_is_per_order(order)
    )


def upstream_cost(order: Order) -> Decimal:
    """What the provider should charge for the order now, provider's currency."""
    return pricing.cost_for(
        cost=order.service.rate, billed_quantity=order.billed_quantity, is_per_order=_is_per_order(order)
    )


def open_lane(*, provider_id: int, now: datetime) -> Provider | None:
    """The provider where its lane is open; locked where attempts must be told apart, so that claims go one by one."""
    provider = Provider.objects.filter(open_at(now), pk=provider_id).first()
    if provider is None or not provider.is_probe_allowed:
        return provider
    locking = Provider.objects.select_for_update(skip_locked=True, no_key=True)
    return locking.filter(open_at(now), pk=provider_id).first()


def _next_due(provider: Provider, now: datetime) -> Order | None:
    due = (
        Order.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("service")
        .filter(due_at(now), provider=provider)
        .order_by("submit_at", "pk")
    )
    if not provider.is_probe_allowed:
        return due.first()
    recent, young = _open_costs(provider, now, since=WITH_STAFF), _open_costs(provider, now, since=quiet())
    candidates = list(due[:MOST_LOOKED_AT]) if len(young) < MOST_OPEN else []
    for open_costs in (recent, young):
        for order in candidates:
            if keeps_distinct(open_costs=open_costs, cost=upstream_cost(order)):
                return order
    return None


def _open_costs(provider: Provider, now: datetime, *, since: timedelta) -> list[Decimal]:
    """What the attempts not older than `since` cost whose fate is open."""
    is_open = Attempt.objects.filter(provider=provider, state__in=OPEN_ATTEMPT)
    return list(is_open.filter(prepared_at__gt=now - since).order_by("pk").values_list("cost", flat=True))


def _prepare(order: Order, provider: Provider, *, owner: UUID, now: datetime) -> Claim:
    fields = _fields(order)
    key = _idempotency_key(order) if provider.is_idempotent else None
    attempt = Attempt.objects.create(
        order=order,
        provider=provider,
        cost=upstream_cost(order),
        owner=owner,
        lease_until=now + timedelta(seconds=settings.CLAIM_LEASE),
        prepared_at=now,
        idempotency_key=key or "",
        asked=fields if key else {},
    )
    order.status = Status.SUBMITTING
    order.submit_at = None
    order.save(update_fields=["status", "submit_at"])
    record(
        order=order,
        kind=EventKind.SUBMITTED,
        text="Being sent to the provider",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk},
    )
    reach("in_claim")
    return Claim(
        attempt_id=attempt.pk,
        order_id=order.pk,
        provider_id=provider.pk,
        owner=owner,
        fields=fields,
        idempotency_key=key,
        doubtful_words=tuple(map(str, provider.doubtful_words)),
        is_429_unclear=provider.is_429_unclear,
    )


def _fields(order: Order) -> dict[str, str]:
    """The fields of `add` as they were checked when the order was placed."""
    fields = {"service": order.service.upstream_id}
    if order.link:
        fields["link"] = order.link
    if order.quantity is not None:
        fields["quantity"] = str(order.quantity)
    return fields | {name: str(value) for name, value in order.fields.items()}


def _idempotency_key(order: Order) -> str:
    """The same for every attempt of one order; the microsecond keeps two panels with one provider account apart."""
    return f"order-{order.pk}-{order.created_at:%Y%m%d%H%M%S%f}"


def _is_per_order(order: Order) -> bool:
    kind = service_types.find(order.service.type)
    return kind is not None and kind.is_per_order
