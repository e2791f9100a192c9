"""Claiming: one worker takes one due order and writes the attempt down, before anything can leave
for the provider.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, Q, QuerySet
from psycopg import errors

from billing.models import Halt
from catalog.models import Provider
from lib.clock import database_now
from lib.decimals import five_decimals
from orders.forwarding.distinct_costs import MAX_OPEN, distinct_sums, keeps_distinct
from orders.jobs.crash_points import reach
from orders.lifecycle.costs import cost_at_once, present_cost, worth
from orders.models import Attempt, EventKind, HoldReason, Order, ProviderAccount
from orders.models.attempts import quiet

MAX_LOOKED_AT = 20  # due orders among which one that can be told apart is sought
FIRST_LOOKED_AT = 2  # of these at first: nearly always one of them can be
LANE_PATIENCE = 250  # milliseconds that one claim waits for another at the same provider
# An order can only be settled by one that was accepted long enough after it: so what is older than
# the quiet time yields where no order that is due can be told apart from it, and what staff have
# for so long does not count at all.
WITH_STAFF = timedelta(minutes=30)
MAX_HELD = 20  # orders held in one transaction: it should stay short


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
    """Take the provider's order that has been due longest; None where none is due or the lane is
    closed.

    Afterwards the order is SUBMITTING and has an attempt `prepared` with a lease by the database's
    clock. An order whose present cost is above its charge is held instead of sold at a loss, and
    one that may be placed already is held for staff. Two workers never get the same one.
    """
    now = database_now()
    provider = open_lane(provider_id=provider_id, now=now)
    if provider is None:
        return None
    for _ in range(MAX_HELD):
        order = _next_due(provider, now)
        if order is None:
            return None
        if order.attempts.possibly_placed().exists():
            text = "It waits, though an attempt to place it may have succeeded: look before it is sent."
            order.hold(reason=HoldReason.STAFF, text=text, now=now)
            continue
        cost = present_cost(order)
        # staff who accept a loss raise the order's own cost to it
        if cost <= max(worth(order), order.cost):
            return _prepare(order, provider, owner=owner, now=now)
        order.hold(
            reason=HoldReason.LOSS,
            text=f"It would cost {five_decimals(cost)} now, but the charge is {five_decimals(worth(order))}.",
            now=now,
        )
    return None


def open_at(now: datetime) -> Q:
    """Selects the providers to whom orders may be sent now: neither paused nor fenced off by the
    resolver.

    None at all while the money is halted.
    """
    is_halted = Exists(Halt.objects.filter(is_standing=True))
    is_not_drained = Q(account__draining_until=None) | Q(account__draining_until__lt=now)
    return Q(paused_at=None) & is_not_drained & ~Q(is_halted)


def open_lane(*, provider_id: int, now: datetime) -> Provider | None:
    """The provider where its lane is open; locked where attempts must be told apart, so that
    claims go one by one.
    """
    lane = Provider.objects.filter(open_at(now), pk=provider_id).select_related("account")
    provider = lane.first()
    if provider is None or not provider.is_probe_allowed:
        return provider
    ProviderAccount.objects.of(provider)
    # With the account's row, which a drain changes: a claim that waited for one sees it.
    lane = lane.filter(account__isnull=False).select_for_update(of=("self", "account"), no_key=True)
    free = lane.select_for_update(of=("self", "account"), no_key=True, skip_locked=True)
    return free.first() or _wait_for(lane)


def _wait_for(lane: QuerySet[Provider]) -> Provider | None:
    """The locked lane after another claim, which takes milliseconds; None where that stands still."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LANE_PATIENCE)])
            return lane.first()
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable):
            return None
        raise


def _next_due(provider: Provider, now: datetime) -> Order | None:
    due = (
        Order.objects.select_related("service")
        .due(now=now)
        .filter(provider=provider)
        .order_by("submit_at", "pk")
    )
    free = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    if not provider.is_probe_allowed:
        return free.first()
    chosen = _distinct_one(provider, due, now)
    return free.filter(pk=chosen).first() if chosen else None


def _distinct_one(provider: Provider, due: QuerySet[Order], now: datetime) -> int | None:
    """The primary key of the order, due the longest, whose cost can be told apart from all that is
    open.

    Not locked yet: a lock on each of those that are looked at would be written to disk.
    """
    is_open = Attempt.objects.open().filter(provider=provider, prepared_at__gt=now - WITH_STAFF)
    ages = list(is_open.order_by("pk").values_list("cost", "prepared_at"))
    recent, young = [cost for cost, _ in ages], [cost for cost, at in ages if at > now - quiet()]
    if len(young) >= MAX_OPEN:
        return None
    for sums in filter(None, map(distinct_sums, (recent, young))):
        for some in (due[:FIRST_LOOKED_AT], due[FIRST_LOOKED_AT:MAX_LOOKED_AT]):
            for order in some:
                if keeps_distinct(sums=sums, cost=cost_at_once(order)):
                    return order.pk
    return None


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
    if order.is_subscription:
        # by which its posts are counted: the provider bills them as it lists them now
        order.rate = order.service.rate
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
        doubtful_words=ProviderAccount.objects.of(provider).phrases,
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
    """The same for every attempt of one order; the microsecond keeps two panels with one
    provider account apart.
    """
    return f"order-{order.pk}-{order.created_at:%Y%m%d%H%M%S%f}"
