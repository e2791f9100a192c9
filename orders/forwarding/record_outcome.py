"""Recording what a sent order came to: the attempt, the order and the money change together or not
at all.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.utils import timezone

from catalog.upstream import Accepted, AddOutcome, Exchange, NotSent, Reason, Rejected, Unclear
from lib.clock import database_now
from orders.forwarding.circuit_breaker import note_answer, note_failure, pause
from orders.forwarding.refusal_texts import note_rejection
from orders.forwarding.send import Withheld
from orders.jobs.crash_points import reach
from orders.lifecycle.end import cancel_in_full
from orders.lifecycle.public_status import ADVERTISING
from orders.lifecycle.start import start
from orders.models import Attempt, AttemptState, EventKind, HoldReason, Order, ReviewKind

log = logging.getLogger(__name__)

# what an outcome may still change
LIVE = [AttemptState.PREPARED, AttemptState.SENT, AttemptState.UNKNOWN]
# of the database: restarting, read-only, a lock not had
AWAY = (OperationalError, InterfaceError, InternalError)
KEEP_TRYING = 30.0  # seconds that an answer in hand waits for the database
PAUSE = 0.5  # seconds between two tries
FIRST_WAIT, MAX_WAIT = 5.0, 600.0  # seconds of back-off
MAX_RETRY_AFTER = 3600.0  # seconds that a provider may ask us to wait for one order
PROBLEM_LENGTH = 300  # characters of Attempt.problem
ASKED_AGAIN = "Wait: it is asked again with its key, which places it once at most."
OURS = {
    Reason.NO_FUNDS: HoldReason.PROVIDER_FUNDS,
    Reason.BAD_KEY: HoldReason.PROVIDER_KEY,
}


def record_surely(*, attempt_id: int, outcome: AddOutcome | Withheld) -> str:
    """Record an outcome in hand, for 30 s also against a database that is away. Raises its error
    after that.

    What was not recorded becomes UNCLEAR when the attempt's lease is over: late, but never wrong.
    """
    return surely(partial(record_outcome, attempt_id=attempt_id, outcome=outcome))


def surely(write: Callable[..., str]) -> str:
    """Call `write(now=…)`, for 30 s also against a database that is away.

    Raises its error after that.
    """
    give_up_at = time.monotonic() + KEEP_TRYING
    while True:
        try:
            return write(now=timezone.now())
        except AWAY:
            connection.close_if_unusable_or_obsolete()  # the next try opens a new session
            if time.monotonic() >= give_up_at:
                raise
            time.sleep(PAUSE)


@transaction.atomic
def record_outcome(*, attempt_id: int, outcome: AddOutcome | Withheld, now: datetime) -> str:
    """Apply what one attempt came to; returns it in a word or two for the sweep's note.

    accepted: RUNNING with the provider's id, or UNCLEAR where that id is ours already. Refused for
    the order's own fault: full refund. For ours: HELD, and the provider is paused. Not sent:
    WAITING with back-off. Unclear: UNCLEAR. Repeating it changes nothing; an outcome for an attempt
    that somebody has decided otherwise is shown to staff. Where the attempt was sent again since,
    this call's "no" says nothing of the others: it stays UNCLEAR.
    """
    order, attempt = lock(attempt_id)
    if attempt.resends and attempt.state in LIVE and not isinstance(outcome, Accepted):
        return "sent again since"
    return settle(order=order, attempt=attempt, outcome=outcome, now=now)


def settle(*, order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime) -> str:
    """As record_outcome, for an outcome that speaks for every call of the attempt.

    The caller holds both row locks.
    """
    if attempt.state not in LIVE:
        return _note_late(order, attempt, outcome, now)
    match outcome:
        case Accepted():
            word = _accept(order, attempt, outcome, now)
        case Rejected():
            word = _refuse(order, attempt, outcome, now)
            note_rejection(provider_id=attempt.provider_id, text=outcome.text, now=now)
        case NotSent():
            word = _postpone(
                order,
                attempt,
                outcome.detail,
                now,
                raw=outcome.raw,
                retry_after=outcome.retry_after,
            )
            note_failure(provider_id=attempt.provider_id, problem=outcome.detail, now=now)
        case Withheld():
            word = _postpone(order, attempt, outcome.detail, now)
        case Unclear():
            word = leave_unclear(
                order=order, attempt=attempt, problem=outcome.detail, raw=outcome.raw, now=now
            )
            note_failure(provider_id=attempt.provider_id, problem=outcome.detail, now=now)
    reach("in_record")
    return word


def leave_unclear(
    *, order: Order, attempt: Attempt, problem: str, raw: Exchange, now: datetime
) -> str:
    """Perhaps placed: nothing is refunded before it is known. The caller holds both row locks.

    Nothing is resent either, except with the key that it went with (repeating.py), unless an id
    came back.
    """
    attempt.resend_at = None
    if attempt.idempotency_key and not attempt.upstream_id:
        attempt.resend_at = database_now() + back_off(failures=1)
        attempt.evidence = replace(attempt.evidence, next_step=ASKED_AGAIN)
    _finish(attempt, AttemptState.UNKNOWN, raw=raw, problem=problem)
    order.mark_unclear()
    order.record(
        kind=EventKind.UNCLEAR,
        text=f"Perhaps placed: {problem}",
        now=now,
        is_internal=True,
        detail=_exchange(attempt, raw),
    )
    level = logging.WARNING if attempt.resend_at else logging.ERROR  # a person need not look yet
    log.log(level, "order %s is unclear: attempt %s: %s", order.pk, attempt.pk, problem)
    return "unclear"


def back_off(*, failures: int, retry_after: float | None = None) -> timedelta:
    """How long an order waits after so many failures in a row: doubling from 5 s to 10 min, with
    jitter.

    Never shorter than a provider's own Retry-After (seconds, an hour at most).
    """
    longest = min(MAX_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10))
    wait = longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads the returning orders, keeps no secret
    return timedelta(seconds=max(wait, min(retry_after or 0.0, MAX_RETRY_AFTER)))


def lock(attempt_id: int) -> tuple[Order, Attempt]:
    """The order row first, then the attempt: the order of locks everywhere."""
    orders = Order.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    order = orders.get(attempts=attempt_id)
    return order, Attempt.objects.select_for_update(no_key=True).get(pk=attempt_id)


def _accept(order: Order, attempt: Attempt, outcome: Accepted, now: datetime) -> str:
    note_answer(provider_id=attempt.provider_id)
    if not start(order=order, upstream_id=outcome.order_id, now=now):
        attempt.upstream_id = outcome.order_id
        problem = (
            f"the provider answered with order {outcome.order_id}, which is another order of ours"
        )
        word = leave_unclear(
            order=order, attempt=attempt, problem=problem, raw=outcome.raw, now=now
        )
        order.open_review(kind=ReviewKind.DUPLICATE_ID, text=problem.capitalize(), now=now)
        return word
    attempt.upstream_id = outcome.order_id
    _finish(attempt, AttemptState.ACCEPTED, raw=outcome.raw, problem="")
    detail = _exchange(attempt, outcome.raw) | {"upstream_id": outcome.order_id}
    order.record(
        kind=EventKind.ACCEPTED,
        text="Accepted by the supplier",
        now=now,
        detail=detail,
    )
    return "accepted"


def _refuse(order: Order, attempt: Attempt, outcome: Rejected, now: datetime) -> str:
    """Nothing was placed. The money goes back at once, except where the fault is ours."""
    detail = _exchange(attempt, outcome.raw)
    if outcome.reason is Reason.THROTTLED:
        note_failure(provider_id=attempt.provider_id, problem=outcome.text, now=now)
        return _postpone(
            order, attempt, outcome.text, now, raw=outcome.raw, state=AttemptState.REFUSED
        )
    _finish(attempt, AttemptState.REFUSED, raw=outcome.raw, problem=outcome.text)
    if outcome.reason in OURS:
        reason = OURS[outcome.reason]
        order.hold(
            reason=reason,
            text=f"The provider said: {outcome.text}",
            now=now,
            detail=detail,
        )
        pause(provider_id=attempt.provider_id, reason=f"{reason.label}: {outcome.text}", now=now)
        return "held"
    order.record(
        kind=EventKind.REFUSED,
        text=f"The provider said: {outcome.text}",
        now=now,
        is_internal=True,
        detail=detail,
    )
    words = "" if ADVERTISING.search(outcome.text) else f" ({outcome.text[:150]})"
    cancel_in_full(order=order, text=f"the supplier did not take the order{words}", now=now)
    note_answer(provider_id=attempt.provider_id)
    return "refused"


def _postpone(
    order: Order,
    attempt: Attempt,
    problem: str,
    now: datetime,
    *,
    raw: Exchange | None = None,
    retry_after: float | None = None,
    state: AttemptState = AttemptState.NOT_SENT,
) -> str:
    """Certainly not placed: the order waits, longer each time."""
    raw = raw or Exchange()
    _finish(attempt, state, raw=raw, problem=problem)
    order.submit_failures += 1
    order.save(update_fields=["submit_failures"])
    wait = back_off(failures=order.submit_failures, retry_after=retry_after)
    order.wait(until=now + wait)
    order.record(
        kind=EventKind.POSTPONED,
        text=f"Not placed: {problem}. Sent again in {wait.total_seconds():.0f} s at the earliest.",
        now=now,
        is_internal=True,
        detail=_exchange(attempt, raw),
    )
    return "postponed"


def _note_late(
    order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """An outcome for an attempt that is settled: a repetition, unless it says placed where
    somebody said otherwise.
    """
    if not isinstance(outcome, Accepted) or attempt.upstream_id == outcome.order_id:
        return "settled before"
    text = f"The provider took attempt {attempt.pk} as its order {outcome.order_id} after it was settled otherwise."
    order.open_review(
        kind=ReviewKind.CONTRADICTION,
        text=text,
        now=now,
        detail={"upstream_id": outcome.order_id},
    )
    if order.would_be_sent:  # a second time
        order.hold(reason=HoldReason.STAFF, text=text, now=now)
    log.error("order %s: %s", order.pk, text)
    return "contradicting"


def _finish(attempt: Attempt, state: AttemptState, *, raw: Exchange, problem: str) -> None:
    attempt.state = state
    if state != AttemptState.UNKNOWN:
        attempt.resend_at = None
    attempt.http_status = raw.http_status
    attempt.reply = raw.body
    attempt.problem = problem[:PROBLEM_LENGTH]
    # a landmark of the resolver's: must compare with sent_at to the millisecond
    attempt.finished_at = database_now()
    attempt.save(
        update_fields=[
            "state",
            "resend_at",
            "http_status",
            "reply",
            "problem",
            "finished_at",
            "upstream_id",
            "evidence",
        ]
    )


def _exchange(attempt: Attempt, raw: Exchange) -> dict[str, Any]:
    return {
        "attempt": attempt.pk,
        "http_status": raw.http_status,
        "reply": raw.body,
        "seconds": round(raw.elapsed, 3),
    }
