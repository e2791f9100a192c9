"""Carry out a verdict that evidence gives about one unclear order, in one transaction."""

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
        attempt.settle(AttemptState.PLACED, evidence=evidence, upstream_id=upstream_id)
        _record(order, attempt, f"Found at the provider as order {upstream_id}", now=now)
        order.record(kind=EventKind.ACCEPTED, text="Accepted by the supplier", now=now)
        return True

    return _settle(attempt_id, settle)


def conclude_not_placed(*, attempt_id: int, evidence: Evidence, now: datetime) -> bool:
    """It was not placed and never will be: the order waits to be sent again, at once.

    The caller has found all five conditions met. False where it is settled already, its sender
    lives, it was sent too recently, or the provider's order may have been given to a later order of
    ours, which staff are then asked to look at.
    """

    def settle(order: Order, attempt: Attempt) -> bool:
        if attempt.last_sent_at is None or attempt.last_sent_at + quiet() > database_now():
            return False
        if later := find_order_given_this_id(attempt):
            _ask_staff(order, attempt, later, evidence=evidence, now=now)
            return False
        order.wait(until=now)
        attempt.settle(AttemptState.NOT_PLACED, evidence=evidence)
        _record(order, attempt, "Not placed; sent again", now=now)
        return True

    return _settle(attempt_id, settle)


@transaction.atomic
def contradict(*, order_id: int, upstream_id: str, now: datetime) -> None:
    """Staff took the order for not placed, but only it fits the provider's order `upstream_id`.

    Staff are asked once for each id; where it has not been sent again yet, it is held first.
    """
    order = Order.objects.locked().get(pk=order_id)
    text = (
        f"Staff decided that it was not placed, but provider order {upstream_id} can be no other"
        " order of ours."
    )
    told = order.reviews.filter(
        kind=ReviewKind.CONTRADICTION, text__contains=f"order {upstream_id} "
    ).first()
    if told is None:
        order.open_review(kind=ReviewKind.CONTRADICTION, text=text, now=now)
        log.error("order %s: %s", order_id, text)
    elif told.closed_at is not None:
        return
    if order.would_be_sent:
        order.hold(reason=HoldReason.STAFF, text=text, now=now)


def keep_evidence(*, attempt_id: int, evidence: Evidence) -> None:
    """What is known so far; an attempt that was settled meanwhile keeps what it has."""
    Attempt.objects.unknown().filter(pk=attempt_id).update(evidence=evidence)


@transaction.atomic
def _settle(attempt_id: int, settle: Callable[[Order, Attempt], bool]) -> bool:
    """Under the locks that staff's decisions take, too: whoever comes second sees it settled."""
    order = Order.objects.locked().get(attempts=attempt_id)
    attempt = Attempt.objects.locked().get(pk=attempt_id)
    if attempt.state != AttemptState.UNKNOWN or order.status != Status.UNCLEAR:
        return False
    return is_sender_dead(attempt_id=attempt_id) and settle(order, attempt)


def _ask_staff(
    order: Order, attempt: Attempt, later: Attempt, *, evidence: Evidence, now: datetime
) -> None:
    text = (
        f"Provider order {later.upstream_id}, returned for our order {later.order_id}, was charged"
        f" exactly what this one costs ({plain(attempt.cost)}). Check which of the two it is."
    )
    order.open_review(kind=ReviewKind.DUPLICATE_ID, text=text, now=now)
    keep_evidence(attempt_id=attempt.pk, evidence=replace(evidence, next_step=text))


def _record(order: Order, attempt: Attempt, text: str, *, now: datetime) -> None:
    """Put the verdict on the timeline; close the review and the proposal that it settles."""
    detail = {"attempt": attempt.pk} | attempt.evidence.to_json()
    order.record(kind=EventKind.VERDICT, text=text, now=now, is_internal=True, detail=detail)
    order.reviews.of_kind(ReviewKind.DUPLICATE_ID).close(decision=text, now=now)
    attempt.proposals.filter(closed_at=None).update(closed_at=now)
