"""Reaping: taking back the attempts that dead workers left behind."""

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


def reap_leases(*, now: datetime) -> str:
    """Settle every attempt whose lease is over by the database's clock; returns a note for the
    staff page.

    Never sent: the order waits again at once; the lease alone makes sure that no byte can leave any
    more. Sent, and no living session holds its pulse: UNCLEAR. Each in a transaction of its own,
    harmless to repeat. `now` dates the events. The fences of dead resolvers are lifted, too.
    """
    abandoned = Attempt.objects.filter(
        state__in=[AttemptState.PREPARED, AttemptState.SENT], lease_until__lt=database_now()
    )
    tally = Counter(
        _reap(pk, now) for pk in abandoned.order_by("pk").values_list("pk", flat=True)[:MAX_AT_ONCE]
    )
    tally["drained lanes reopened"] = lift_dead_drains()
    return note_of(tally, nothing="nothing left behind")


@transaction.atomic
def _reap(attempt_id: int, now: datetime) -> str:
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(attempts=attempt_id)
    attempt = Attempt.objects.select_for_update(no_key=True).get(pk=attempt_id)
    if attempt.state == AttemptState.PREPARED:
        return _send_again(order, attempt, now)
    if attempt.state != AttemptState.SENT:
        return "settled meanwhile"
    if not is_sender_dead(attempt_id=attempt_id):
        return "still being sent"
    problem = "the worker died between sending and writing down the answer"
    return leave_unclear(order=order, attempt=attempt, problem=problem, raw=Exchange(), now=now)


def _send_again(order: Order, attempt: Attempt, now: datetime) -> str:
    attempt.state = AttemptState.NOT_SENT
    attempt.problem = "the worker died before anything was sent"
    attempt.finished_at = now
    attempt.save(update_fields=["state", "problem", "finished_at"])
    order.wait(until=now)
    order.record(
        kind=EventKind.POSTPONED,
        text="Not placed: the worker died before anything was sent. Due again at once.",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk},
    )
    return "waiting again"
