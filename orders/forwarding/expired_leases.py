"""Settle the attempts that dead workers left behind."""

import logging
from collections import Counter
from datetime import datetime

from django.db import transaction

from catalog.upstream import Exchange
from lib.clock import database_now
from orders.forwarding.drain import lift_dead_drains
from orders.forwarding.record_outcome import leave_unclear
from orders.jobs.lanes import note_of
from orders.jobs.sender_locks import is_sender_dead
from orders.models import Attempt, AttemptState, EventKind, Order

log = logging.getLogger(__name__)

MAX_AT_ONCE = 1000  # attempts in one run


def settle_expired_leases(*, now: datetime) -> str:
    """Settle every attempt whose lease has ended by the database's clock; returns a note for staff.

    Never sent: the order waits again at once; the ended lease keeps its worker from sending. Sent,
    and its sender dead: UNCLEAR. Each in a transaction of its own, safe to repeat. Drains of dead
    resolvers are lifted, too. `now` dates the events.
    """
    expired = Attempt.objects.in_flight().filter(lease_until__lt=database_now()).order_by("pk")
    tally = Counter(_settle(pk, now) for pk in expired.values_list("pk", flat=True)[:MAX_AT_ONCE])
    tally["drained lanes reopened"] = lift_dead_drains()
    return note_of(tally, nothing="nothing left behind")


@transaction.atomic
def _settle(attempt_id: int, now: datetime) -> str:
    order, attempt = Attempt.objects.locked_with_order(attempt_id)
    if attempt.state == AttemptState.PREPARED:
        return _wait_again(order, attempt, now)
    if attempt.state != AttemptState.SENT:
        return "settled meanwhile"
    if not is_sender_dead(attempt_id=attempt_id):
        return "still being sent"
    problem = "the worker died between sending and recording the answer"
    return leave_unclear(order=order, attempt=attempt, problem=problem, raw=Exchange(), now=now)


def _wait_again(order: Order, attempt: Attempt, now: datetime) -> str:
    problem = "the worker died before anything was sent"
    attempt.finish(state=AttemptState.NOT_SENT, problem=problem, exchange=Exchange(), now=now)
    order.wait(until=now)
    order.record(
        kind=EventKind.POSTPONED,
        text=f"Not placed: {problem}. Due again at once.",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk},
    )
    return "waiting again"
