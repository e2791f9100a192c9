"""Concluding: the verdicts on unclear orders that the machine gives by evidence, each one
transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from lib.clock import database_now
from lib.decimals import plain
from orders.jobs.sender_locks import is_sender_dead
from orders.lifecycle.start import start
from orders.models import (
    Attempt,
    AttemptState,
    EventKind,
    Evidence,
    HoldReason,
    Order,
    ReviewKind,
    Status,
)
from orders.models.attempts import quiet
from orders.unclear.misassigned_id import find_order_given_this_id

log = logging.getLogger(__name__)


def conclude_placed(
    *, attempt_id: int, upstream_id: str, evidence: Evidence, now: datetime
) -> bool:
    """It is the provider's order `upstream_id`: the order runs.

    False, and nothing changed, where it is settled already, its sender lives, or that id is another
    order of ours.
    """

    def settle(order: Order, attempt: Attempt) -> bool:
        if not start(order=order, upstream_id=upstream_id, now=now):
            return False
        attempt.upstream_id = upstream_id
        text = f"Proved placed: it is the provider's order {upstream_id}"
        _keep(order, attempt, AttemptState.PLACED, text=text, evidence=evidence, now=now)
        order.record(kind=EventKind.ACCEPTED, text="Accepted by the supplier", now=now)
        return True

    return _settle(attempt_id, settle)


def conclude_not_placed(*, attempt_id: int, evidence: Evidence, now: datetime) -> bool:
    """It was not placed and never will be: the order waits to be sent again, at once.

    The caller has found all five conditions met. False, and nothing changed, where it is settled
    already, its sender lives, or it was sent too short a time ago by the database's clock. False,
    too, where a later order of ours answers for it: then staff are told, by a doubt and by the next
    step in `evidence`.
    """

    def settle(order: Order, attempt: Attempt) -> bool:
        if attempt.last_sent_at is None or attempt.last_sent_at + quiet() > database_now():
            return False
        if usurper := find_order_given_this_id(attempt):
            text = (
                f"Their order {usurper.upstream_id}, which they named for our order {usurper.order_id}, was charged"
                f" what this one costs ({plain(attempt.cost)}): see there which of the two it is."
            )
            order.open_review(kind=ReviewKind.DUPLICATE_ID, text=text, now=now)
            attempt.evidence = replace(evidence, next_step=text)
            attempt.save(update_fields=["evidence"])
            return False
        order.wait(until=now)
        text = "Proved not placed: it is sent again"
        _keep(order, attempt, AttemptState.NOT_PLACED, text=text, evidence=evidence, now=now)
        return True

    return _settle(attempt_id, settle)


@transaction.atomic
def contradict(*, order_id: int, upstream_id: str, now: datetime) -> None:
    """Staff took the order for not placed, but the provider's order `upstream_id` can be nothing
    else: they are told.

    Where it has not been sent again yet, it is held first. What staff have closed with these words
    is not raised anew.
    """
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_id)
    text = f"Staff decided that it was not placed, but their order {upstream_id} can be no other order of ours."
    told = order.reviews.filter(kind=ReviewKind.CONTRADICTION, text=text).first()
    if told is None:
        order.open_review(kind=ReviewKind.CONTRADICTION, text=text, now=now)
        log.error("order %s: %s", order_id, text)
    elif told.closed_at is not None:
        return
    if order.would_be_sent:
        order.hold(reason=HoldReason.STAFF, text=text, now=now)


def keep_evidence(*, attempt_id: int, evidence: Evidence) -> None:
    """What is known so far, for staff; an attempt that was settled meanwhile keeps what it has."""
    Attempt.objects.filter(pk=attempt_id, state=AttemptState.UNKNOWN).update(evidence=evidence)


@transaction.atomic
def _settle(attempt_id: int, settle: Callable[[Order, Attempt], bool]) -> bool:
    """Under the locks that staff's decisions take, too: whoever comes second sees that it is
    settled.
    """
    order = Order.objects.select_for_update(of=("self",), no_key=True).get(attempts=attempt_id)
    attempt = Attempt.objects.select_for_update(no_key=True).get(pk=attempt_id)
    if attempt.state != AttemptState.UNKNOWN or order.status != Status.UNCLEAR:
        return False
    return is_sender_dead(attempt_id=attempt_id) and settle(order, attempt)


def _keep(
    order: Order,
    attempt: Attempt,
    state: AttemptState,
    *,
    text: str,
    evidence: Evidence,
    now: datetime,
) -> None:
    attempt.state = state
    attempt.resend_at = None
    attempt.evidence = evidence
    attempt.save(update_fields=["state", "resend_at", "evidence", "upstream_id"])
    detail = {"attempt": attempt.pk} | evidence.to_json()
    order.record(kind=EventKind.VERDICT, text=text, now=now, is_internal=True, detail=detail)
    order.reviews.filter(kind=ReviewKind.DUPLICATE_ID, closed_at=None).update(
        closed_at=now, decision=text
    )
    attempt.proposals.filter(closed_at=None).update(closed_at=now)
