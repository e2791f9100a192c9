"""Record the outcome of a sent order: attempt, order and money change together or not at all."""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.utils import timezone

from catalog.upstream import Accepted, AddOutcome, Exchange, NotSent, Reason, Rejected, Unclear
from lib.clock import database_now
from orders.forwarding.circuit_breaker import note_answer, note_failure, pause
from orders.forwarding.refusal_texts import as_decided, note_rejection
from orders.forwarding.send import Withheld
from orders.jobs.crash_points import reach
from orders.lifecycle.end import cancel_in_full
from orders.lifecycle.public_status import ADVERTISING
from orders.lifecycle.start import start
from orders.models import Attempt, AttemptState, EventKind, HoldReason, Order, ReviewKind

log = logging.getLogger(__name__)

# the database restarts, is read-only, or did not give a lock
AWAY = (OperationalError, InterfaceError, InternalError)
KEEP_TRYING = 30.0  # seconds that an answer in hand waits for the database
PAUSE = 0.5  # seconds between two tries
FIRST_WAIT, MAX_WAIT = 5.0, 600.0  # seconds of back-off
MAX_RETRY_AFTER = 3600.0  # seconds that a provider may ask us to wait for one order
MAX_QUOTED = 150  # characters of a rejection that customers read
# rejections of one order for reasons that are not its own, before it is left to staff
MAX_TRIES = 6
ASKED_AGAIN = "Waiting: we retry with its idempotency key, so it cannot be placed twice."
OURS = {
    Reason.NO_FUNDS: HoldReason.PROVIDER_FUNDS,
    Reason.BAD_KEY: HoldReason.PROVIDER_KEY,
}
HELD_FOR = OURS | {Reason.UNKNOWN: HoldReason.NEW_MESSAGE}


def record_surely(*, attempt_id: int, outcome: AddOutcome | Withheld) -> str:
    """As `surely` writes; what is never recorded becomes UNCLEAR when the attempt's lease ends."""
    return surely(partial(record_outcome, attempt_id=attempt_id, outcome=outcome))


def surely(write: Callable[..., str]) -> str:
    """Call `write(now=…)`, for 30 s even while the database is away; then raise its error."""
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
    """Apply one attempt's outcome, as `settle` says; returns it in a word or two for the note.

    Repeating it changes nothing. Where the attempt was sent again since, only an acceptance counts:
    this call's "no" says nothing about the others.
    """
    order, attempt = Attempt.objects.locked_with_order(attempt_id)
    if attempt.resends and attempt.is_open and not isinstance(outcome, Accepted):
        return "sent again since"
    return settle(order=order, attempt=attempt, outcome=outcome, now=now)


def settle(*, order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime) -> str:
    """Apply an outcome that speaks for every call of the attempt. The caller holds both row locks.

    Accepted: RUNNING, or UNCLEAR where the provider's id is already ours. Rejected: refunded in
    full; or HELD, and the provider paused, where the reason is ours; or HELD until it is known
    what the message means. Not sent: WAITING with back-off. Unclear: UNCLEAR. What staff have
    decided about a message counts. Staff see an acceptance of an attempt that was settled
    otherwise.
    """
    if not attempt.is_open:
        return _note_late(order, attempt, outcome, now)
    outcome = as_decided(outcome, provider_id=attempt.provider_id)
    match outcome:
        case Accepted():
            word = _accept(order, attempt, outcome, now)
        case Rejected():
            word = _reject(order, attempt, outcome, now)
            note_rejection(provider_id=attempt.provider_id, text=outcome.text, now=now)
        case NotSent(detail=problem, raw=raw):
            retry_after = outcome.retry_after
            word = _postpone(order, attempt, problem, now, raw=raw, retry_after=retry_after)
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
        case Withheld(detail=problem):
            word = _postpone(order, attempt, problem, now)
        case Unclear(detail=problem, raw=raw):
            word = leave_unclear(order=order, attempt=attempt, problem=problem, raw=raw, now=now)
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
            if outcome.text:
                note_rejection(provider_id=attempt.provider_id, text=outcome.text, now=now)
    reach("in_record")
    return word


def leave_unclear(
    *, order: Order, attempt: Attempt, problem: str, raw: Exchange, now: datetime
) -> str:
    """Perhaps placed: neither refunded nor resent before it is known. The caller holds both locks.

    Only an attempt that went with a key, and got no id, is resent: with the same key.
    """
    is_resent = bool(attempt.idempotency_key) and not attempt.upstream_id
    attempt.leave_unknown(
        problem=problem,
        exchange=raw,
        now=database_now(),
        resend_at=database_now() + back_off(failures=1) if is_resent else None,
        next_step=ASKED_AGAIN if is_resent else "",
    )
    order.mark_unclear()
    order.record(
        kind=EventKind.UNCLEAR,
        text=f"Perhaps placed: {problem}",
        now=now,
        is_internal=True,
        detail=_detail(attempt, raw),
    )
    level = logging.WARNING if is_resent else logging.ERROR  # nobody needs to act on a resend yet
    log.log(level, "order %s is unclear: attempt %s: %s", order.pk, attempt.pk, problem)
    return "unclear"


def back_off(*, failures: int, retry_after: float | None = None) -> timedelta:
    """How long an order waits after this many failures in a row: 5 s to 10 min, with jitter.

    Never shorter than a provider's own Retry-After (seconds, an hour at most).
    """
    longest = min(MAX_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10))
    wait = longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads the returning orders
    return timedelta(seconds=max(wait, min(retry_after or 0.0, MAX_RETRY_AFTER)))


def _accept(order: Order, attempt: Attempt, outcome: Accepted, now: datetime) -> str:
    note_answer(provider_id=attempt.provider_id)
    attempt.upstream_id = upstream_id = outcome.order_id
    if not start(order=order, upstream_id=upstream_id, now=now):
        problem = f"the provider answered with order {upstream_id}, which is another order of ours"
        word = leave_unclear(
            order=order, attempt=attempt, problem=problem, raw=outcome.raw, now=now
        )
        order.open_review(kind=ReviewKind.DUPLICATE_ID, text=problem.capitalize(), now=now)
        return word
    _finish(attempt, AttemptState.ACCEPTED, problem="", raw=outcome.raw)
    order.record(
        kind=EventKind.ACCEPTED,
        text="Accepted by the supplier",
        now=now,
        detail=_detail(attempt, outcome.raw) | {"upstream_id": upstream_id},
    )
    return "accepted"


def _reject(order: Order, attempt: Attempt, outcome: Rejected, now: datetime) -> str:
    """Nothing was placed: refunded at once where the order is to blame; else it waits or is held.

    An order that is rejected again and again is left to staff.
    """
    if outcome.reason is Reason.CUSTOMER:
        return _refund(order, attempt, outcome, now)
    tries = order.attempts.refused().count() + 1
    hold_reason = HoldReason.STAFF if tries >= MAX_TRIES else HELD_FOR.get(outcome.reason)
    if hold_reason is None:
        note_failure(provider_id=attempt.provider_id, problem=outcome.text, now=now)
        return _postpone(
            order, attempt, outcome.text, now, raw=outcome.raw, state=AttemptState.REFUSED
        )
    _finish(attempt, AttemptState.REFUSED, problem=outcome.text, raw=outcome.raw)
    text = f"The provider said: {outcome.text}"
    if hold_reason is HoldReason.STAFF:
        text = f"Rejected {tries} times. {text}"
    order.hold(reason=hold_reason, text=text, now=now, detail=_detail(attempt, outcome.raw))
    if outcome.reason in OURS:
        why = f"{OURS[outcome.reason].label}: {outcome.text}"
        pause(provider_id=attempt.provider_id, reason=why, now=now)
    else:
        note_failure(provider_id=attempt.provider_id, problem=outcome.text, now=now)
    return "given up" if hold_reason is HoldReason.STAFF else "held"


def _refund(order: Order, attempt: Attempt, outcome: Rejected, now: datetime) -> str:
    _finish(attempt, AttemptState.REFUSED, problem=outcome.text, raw=outcome.raw)
    text, detail = f"The provider said: {outcome.text}", _detail(attempt, outcome.raw)
    order.record(kind=EventKind.REFUSED, text=text, now=now, is_internal=True, detail=detail)
    cancel_in_full(order=order, text=rejection_text(outcome.text), now=now)
    note_answer(provider_id=attempt.provider_id)
    return "rejected"


def rejection_text(said: str) -> str:
    """What the customer reads of an order that was rejected through its own fault."""
    quoted = "" if ADVERTISING.search(said) else f" ({said[:MAX_QUOTED]})"
    return f"the supplier rejected the order{quoted}"


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
    _finish(attempt, state, problem=problem, raw=raw)
    wait = back_off(failures=order.submit_failures + 1, retry_after=retry_after)
    order.postpone(until=now + wait)
    order.record(
        kind=EventKind.POSTPONED,
        text=f"Not placed: {problem}. Retried in {wait.total_seconds():.0f} s at the earliest.",
        now=now,
        is_internal=True,
        detail=_detail(attempt, raw),
    )
    return "postponed"


def _note_late(
    order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """A repeated outcome changes nothing; "placed" after a different decision is shown to staff."""
    if not isinstance(outcome, Accepted) or attempt.upstream_id == outcome.order_id:
        return "settled before"
    text = (
        f"The provider accepted attempt {attempt.pk} as its order {outcome.order_id}, "
        "but the attempt was settled differently before."
    )
    detail = {"upstream_id": outcome.order_id}
    order.open_review(kind=ReviewKind.CONTRADICTION, text=text, now=now, detail=detail)
    if order.would_be_sent:  # a second time
        order.hold(reason=HoldReason.STAFF, text=text, now=now)
    log.error("order %s: %s", order.pk, text)
    return "contradicting"


def _finish(attempt: Attempt, state: AttemptState, *, problem: str, raw: Exchange) -> None:
    attempt.finish(state=state, problem=problem, exchange=raw, now=database_now())


def _detail(attempt: Attempt, raw: Exchange) -> dict[str, Any]:
    return {
        "attempt": attempt.pk,
        "http_status": raw.http_status,
        "reply": raw.body,
        "seconds": round(raw.elapsed, 3),
    }
