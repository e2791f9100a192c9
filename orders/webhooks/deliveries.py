"""Which webhook deliveries may be sent now, and what is saved of each try."""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from catalog.upstream import Posted
from lib.clock import database_now
from orders.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from orders.models.webhooks import EXCERPT_LENGTH, PROBLEM_LENGTH
from orders.webhooks.body import body_of, message_id
from orders.webhooks.endpoints import switch_off

MAX_IN_FLIGHT = 16  # calls over all endpoints
# of these to endpoints that failed or were slow last time: they never keep the others waiting
MAX_UNPROVEN = 8
PER_ENDPOINT = 4  # calls to one that is quick; to an unproven one: one
QUICK = 3.0  # seconds
# After the first, second … failure, in seconds. Together more than two days, as long as a weekend's
# outage.
WAITS = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 24 * 3600)
JITTER = 0.2  # of a wait, so that a receiver that comes back is not met by everything at once
MAX_RETRY_AFTER = 24 * 3600.0  # seconds that a receiver may ask for
FAILING_FOR = timedelta(days=3)  # without one success: then it is switched off
GONE = 410  # how a receiver says that it wants nothing any more


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One delivery that this sweep, and nobody else, may send now."""

    delivery_id: int
    endpoint_id: int
    is_proven: bool
    owner: UUID
    url: str = field(repr=False)  # may hold a token of the customer's
    sealed_secrets: tuple[str, ...] = field(repr=False)
    message_id: str
    timestamp: int  # of this try, seconds since 1970
    body: bytes = field(repr=False)


def claim(*, owner: UUID, in_flight: Collection[Dispatch] = ()) -> list[Dispatch]:
    """Take as many due deliveries as there is room for beside `in_flight`.

    Two sweeps never get the same one. Between endpoints chance decides, so that none is always
    last. Leases are counted by the database's clock.
    """
    now = database_now()
    dispatches: list[Dispatch] = []
    busy = Counter(each.endpoint_id for each in in_flight)
    free = MAX_IN_FLIGHT - len(in_flight)
    free_unproven = MAX_UNPROVEN - sum(1 for each in in_flight if not each.is_proven)
    for endpoint in _waiting_endpoints(now, busy=busy, is_room_for_unproven=free_unproven > 0):
        most = min(free, PER_ENDPOINT - busy[endpoint.pk])
        if not endpoint.is_proven:
            most = min(most, free_unproven, 1 - busy[endpoint.pk])
        taken = _take(endpoint, owner=owner, most=most, now=now) if most > 0 else []
        dispatches += taken
        free -= len(taken)
        free_unproven -= 0 if endpoint.is_proven else len(taken)
    return dispatches


@transaction.atomic
def record(*, dispatch: Dispatch, posted: Posted, now: datetime) -> str:
    """Save what came of one call; returns it in a word.

    2xx: delivered. Anything else: tried again later, or given up after the last of WAITS; a test is
    sent once. 410, or three days without a success, switches the endpoint off. Nothing is changed
    where somebody else has the delivery by now.
    """
    endpoint = WebhookEndpoint.objects.locked().get(pk=dispatch.endpoint_id)
    held = WebhookDelivery.objects.held_by(dispatch.owner).filter(pk=dispatch.delivery_id)
    delivery = held.locked().first()
    if delivery is None:
        return "taken over"
    delivery.http_status = posted.raw.http_status
    delivery.problem = posted.problem[:PROBLEM_LENGTH]
    delivery.milliseconds = round(posted.raw.elapsed * 1000)
    delivery.excerpt = posted.raw.body[:EXCERPT_LENGTH]
    if posted.is_taken:
        delivery.settle(DeliveryState.DELIVERED)
        endpoint.note_success(is_quick=posted.raw.elapsed <= QUICK)
        return "delivered"
    if delivery.is_test or delivery.tries > len(WAITS) or not endpoint.is_active:
        delivery.settle(DeliveryState.FAILED)
    else:
        next_at = now + _wait(delivery.tries, posted.retry_after)
        delivery.settle(DeliveryState.WAITING, next_at=next_at)
    endpoint.note_failure(is_test=delivery.is_test, now=now)
    _switch_off_if_dead(endpoint, posted, now=now)
    return "failed"


def _waiting_endpoints(
    now: datetime, *, busy: Counter[int], is_room_for_unproven: bool
) -> list[WebhookEndpoint]:
    """Some of the endpoints to which something could be sent now, by chance."""
    due = WebhookDelivery.objects.due(now=now).filter(endpoint=OuterRef("pk"))
    waiting = WebhookEndpoint.objects.active().filter(Exists(due), user__is_active=True)
    has_room = Q(is_proven=True) & ~Q(
        pk__in=[pk for pk, calls in busy.items() if calls >= PER_ENDPOINT]
    )
    if is_room_for_unproven:
        has_room |= Q(is_proven=False) & ~Q(pk__in=list(busy))
    return list(waiting.filter(has_room).order_by("?")[:MAX_IN_FLIGHT])


@transaction.atomic
def _take(endpoint: WebhookEndpoint, *, owner: UUID, most: int, now: datetime) -> list[Dispatch]:
    deliveries = endpoint.deliveries.due(now=now).claim(owner=owner, most=most, now=now)
    return [_dispatch(delivery, endpoint, owner=owner, now=now) for delivery in deliveries]


def _dispatch(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, *, owner: UUID, now: datetime
) -> Dispatch:
    return Dispatch(
        delivery_id=delivery.pk,
        endpoint_id=endpoint.pk,
        is_proven=endpoint.is_proven,
        owner=owner,
        url=endpoint.url,
        sealed_secrets=tuple(endpoint.sealed_secrets(now=now)),
        message_id=message_id(delivery),
        timestamp=int(now.timestamp()),
        body=body_of(delivery),
    )


def _wait(tries: int, retry_after: float | None) -> timedelta:
    seconds = WAITS[tries - 1] * random.uniform(1.0, 1.0 + JITTER)  # noqa: S311  # spreads load, guards nothing
    return timedelta(seconds=max(seconds, min(retry_after or 0.0, MAX_RETRY_AFTER)))


def _switch_off_if_dead(endpoint: WebhookEndpoint, posted: Posted, *, now: datetime) -> None:
    if posted.raw.http_status == GONE:
        switch_off(endpoint=endpoint, reason="It answered 410 Gone.", now=now)
    elif endpoint.failing_since is not None and now - endpoint.failing_since >= FAILING_FOR:
        switch_off(endpoint=endpoint, reason="Nothing was delivered for three days.", now=now)
