"""Rehearing: what the answer to an order that was sent again with its key says about the order."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from catalog.upstream import Accepted, AddOutcome, NotSent, Reason, Rejected, Unclear
from catalog.upstream.error_texts import normalize
from lib.clock import database_now
from orders.forwarding.circuit_breaker import note_answer, note_failure, pause
from orders.forwarding.record_outcome import OURS, PROBLEM_LENGTH, back_off, lock, settle
from orders.forwarding.resend_claim import ResendClaim, leave_to_staff
from orders.forwarding.send import Withheld
from orders.jobs.crash_points import reach
from orders.models import Attempt, AttemptState, EventKind, Order
from orders.models.attempts import quiet

# A "no" is believed where it can only come after the key was looked up and not found. These are the
# API's own words for an order that is not taken; "link_duplicate" is not among them, since it may
# speak of the very order.
NOT_TAKEN: Final = frozenset(
    {
        "incorrect service id",
        "neworder error link",
        "neworder error min quantity",
        "neworder error max quantity",
        "neworder error not enough funds",
    }
)
MOMENT = timedelta(seconds=1)


@transaction.atomic
def record_resend_outcome(
    *, repeat: ResendClaim, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """Apply what the provider said to an order that was sent again; returns it in a word or two for
    the sweep's note.

    An id is its order, whichever call placed it. A "no" settles it, by the rules of record_outcome,
    only where no earlier call can still place it and its words say that the key was not known;
    before that it is asked again, and with other words left to staff. All else leaves it UNCLEAR,
    to be asked again after a back-off. Harmless to repeat, and for an attempt that was settled
    meanwhile the same as record_outcome.
    """
    order, attempt = lock(repeat.claim.attempt_id)
    is_ours = attempt.owner == repeat.claim.owner
    is_proof = _is_believed(outcome) and repeat.is_last_word and is_ours
    if attempt.state != AttemptState.UNKNOWN or isinstance(outcome, Accepted) or is_proof:
        word = settle(order=order, attempt=attempt, outcome=outcome, now=now)
        attempt.proposals.filter(closed_at=None).exclude(
            attempt__state=AttemptState.UNKNOWN
        ).update(closed_at=now)
    elif not is_ours:
        word = "sent again since"
    else:
        word = _ask_again(order, attempt, outcome, now)
    reach("in_record")
    return word


def _is_believed(outcome: AddOutcome | Withheld) -> bool:
    """Whether it is a "no" that a provider gives only to a key that it does not know."""
    if not isinstance(outcome, Rejected):
        return False
    return outcome.reason is Reason.NO_FUNDS or normalize(outcome.text) in NOT_TAKEN


def _ask_again(
    order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """It stays UNCLEAR. The failures count towards a pause as those of a first call do."""
    wait = back_off(failures=max(attempt.resends, 1))
    match outcome:
        case Rejected(reason=Reason.BAD_KEY, text=problem):
            pause(
                provider_id=attempt.provider_id,
                reason=f"{OURS[Reason.BAD_KEY].label}: {problem}",
                now=now,
            )
        case Rejected(reason=Reason.THROTTLED, text=problem) | Unclear(detail=problem):
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
        case Rejected(text=problem):
            note_answer(provider_id=attempt.provider_id)
            if not _is_believed(outcome):
                said = f"asked again with its key, the provider said: {problem}. Ask it what became of the key."
                return _give_up(order, attempt, said[:1].upper() + said[1:], now)
            wait = quiet() + MOMENT  # from now: by then no call of it can be under way any more
        case NotSent(detail=problem, retry_after=retry_after):
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
            wait = back_off(failures=max(attempt.resends, 1), retry_after=retry_after)
        case Withheld(detail=problem):
            pass
    return _plan(order, attempt, outcome, problem=problem, wait=wait, now=now)


def _give_up(order: Order, attempt: Attempt, problem: str, now: datetime) -> str:
    leave_to_staff(order=order, attempt=attempt, problem=problem, now=now)
    return "left to staff"


def _plan(
    order: Order,
    attempt: Attempt,
    outcome: AddOutcome | Withheld,
    *,
    problem: str,
    wait: timedelta,
    now: datetime,
) -> str:
    attempt.resend_at = database_now() + wait
    attempt.problem = problem[:PROBLEM_LENGTH]
    if not isinstance(outcome, Withheld):
        attempt.http_status, attempt.reply = outcome.raw.http_status, outcome.raw.body
    attempt.save(update_fields=["resend_at", "problem", "http_status", "reply"])
    order.record(
        kind=EventKind.UNCLEAR,
        text=f"Still not known: {problem}. Asked again in {wait.total_seconds():.0f} s at the earliest.",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk, "http_status": attempt.http_status, "reply": attempt.reply},
    )
    return "still unclear"
