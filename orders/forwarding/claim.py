"""Claim one due order for one worker, and write the attempt down before anything can be sent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from catalog.models import Provider
from lib.clock import database_now
from orders.forwarding.choose_order import choose_order
from orders.forwarding.open_providers import lock_if_open
from orders.jobs.crash_points import reach
from orders.lifecycle.costs import cost_at_once, present_cost, worth
from orders.models import Attempt, EventKind, HoldReason, Order, ProviderAccount

MAX_HELD = 20  # orders held in one transaction, to keep it short


@dataclass(frozen=True, slots=True)
class Claim:
    """One order that this worker, and nobody else, may forward now."""

    attempt_id: int
    order_id: int
    provider_id: int
    owner: UUID
    fields: dict[str, str] = field(repr=False)  # of `add`
    idempotency_key: str | None
    ambiguous_phrases: tuple[str, ...]  # of this provider, besides the client's own
    is_429_unclear: bool  # whether this provider may have placed an order that it answers with 429


@transaction.atomic
def claim(*, provider_id: int, owner: UUID) -> Claim | None:
    """Take the order that the provider is sent next; None where none may be sent now.

    Afterwards the order is SUBMITTING and has an attempt `prepared`, leased by the database's
    clock. An order that would now be sold at a loss is held, and so is one that may be placed
    already. Two workers never get the same order.
    """
    now = database_now()
    provider = lock_if_open(provider_id=provider_id, now=now)
    if provider is None:
        return None
    for _ in range(MAX_HELD):
        order = choose_order(provider=provider, now=now)
        if order is None:
            return None
        if not _hold_if_unfit(order, now):
            return _prepare(order, provider, owner=owner, now=now)
    return None


def _hold_if_unfit(order: Order, now: datetime) -> bool:
    if order.attempts.possibly_placed().exists():
        text = "An earlier attempt may have placed it. Check before it is sent again."
        order.hold(reason=HoldReason.STAFF, text=text, now=now)
        return True
    cost = present_cost(order)
    if cost <= max(worth(order), order.cost):  # staff who accept a loss raise the order's own cost
        return False
    text = f"It would cost {cost:.5f} now; the charge is {worth(order):.5f}."
    order.hold(reason=HoldReason.LOSS, text=text, now=now)
    return True


def _prepare(order: Order, provider: Provider, *, owner: UUID, now: datetime) -> Claim:
    fields = _fields(order)
    key = _idempotency_key(order) if provider.is_idempotent else None
    attempt = Attempt.objects.create(
        order=order,
        provider=provider,
        cost=cost_at_once(order),
        owner=owner,
        lease_until=now + timedelta(seconds=settings.CLAIM_LEASE),
        prepared_at=now,
        idempotency_key=key or "",
        asked=fields if key else {},
    )
    order.submit()
    order.record(
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
        ambiguous_phrases=ProviderAccount.objects.of(provider).phrases,
        is_429_unclear=provider.is_429_unclear,
    )


def _fields(order: Order) -> dict[str, str]:
    """The fields of `add`, as checked when the order was placed."""
    fields = {"service": order.service.upstream_id}
    if order.link:
        fields["link"] = order.link
    if order.quantity is not None:
        fields["quantity"] = str(order.quantity)
    return fields | {name: str(value) for name, value in order.fields.items()}


def _idempotency_key(order: Order) -> str:
    """The same for every attempt; the microsecond tells apart two panels with one account."""
    return f"order-{order.pk}-{order.created_at:%Y%m%d%H%M%S%f}"
