"""Record the provider's answer to a resend."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from catalog.upstream import Accepted, AddOutcome, NotSent, Reason, Rejected, Unclear
from catalog.upstream.error_texts import normalize
from lib.clock import database_now
from orders.forwarding.circuit_breaker import note_answer, note_failure, pause
from orders.forwarding.record_outcome import OURS, back_off, settle
from orders.forwarding.resend_claim import ResendClaim, leave_to_staff
from orders.forwarding.send import Withheld
from orders.jobs.crash_points import reach
from orders.models import Attempt, AttemptState, EventKind, Order
from orders.models.attempts import quiet

# A "no" counts where it can only follow a look-up that did not find the key. These are the API's
# own words for an order that is not accepted; "link_duplicate" is not among them, since it may be
# about this very order.
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
    *, resend: ResendClaim, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """Apply the answer to a resend; returns it in a word or two for the sweep's note.

    An id is the order's id, whichever call placed it. A "no" settles it, by the rules of
    record_outcome, only if no earlier call can still place it and its words mean that the key is
    unknown; before that it is asked again, and other words leave it to staff. Anything else leaves
    it UNCLEAR and is asked again after a back-off. Safe to repeat; for an attempt that was settled
    meanwhile, the same as record_outcome.
    """
    order, attempt = Attempt.objects.locked_with_order(resend.claim.attempt_id)
    is_ours = attempt.owner == resend.claim.owner
    is_final_no = _means_unknown_key(outcome) and resend.is_last_word and is_ours
    if attempt.state != AttemptState.UNKNOWN or isinstance(outcome, Accepted) or is_final_no:
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


def _means_unknown_key(outcome: AddOutcome | Withheld) -> bool:
    """Whether it is a "no" that a provider gives only to a key it does not know."""
    if not isinstance(outcome, Rejected):
        return False
    return outcome.reason is Reason.NO_FUNDS or normalize(outcome.text) in NOT_TAKEN


def _ask_again(
    order: Order, attempt: Attempt, outcome: AddOutcome | Withheld, now: datetime
) -> str:
    """It stays UNCLEAR; failures count towards a pause, as those of a first call do."""
    wait = back_off(failures=max(attempt.resends, 1))
    match outcome:
        case Rejected(reason=Reason.BAD_KEY, text=problem):
            reason = f"{OURS[Reason.BAD_KEY].label}: {problem}"
            pause(provider_id=attempt.provider_id, reason=reason, now=now)
        case Rejected(reason=Reason.THROTTLED, text=problem) | Unclear(detail=problem):
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
        case Rejected(text=problem):
            note_answer(provider_id=attempt.provider_id)
            if not _means_unknown_key(outcome):
                said = f"The provider answered the resend with: {problem}. Ask it about the key."
                leave_to_staff(order=order, attempt=attempt, problem=said, now=now)
                return "left to staff"
            wait = quiet() + MOMENT  # from now: by then no call of it can be in flight any more
        case NotSent(detail=problem, retry_after=retry_after):
            note_failure(provider_id=attempt.provider_id, problem=problem, now=now)
            wait = back_off(failures=max(attempt.resends, 1), retry_after=retry_after)
        case Withheld(detail=problem):
            pass
    return _plan(order, attempt, outcome, problem=problem, wait=wait, now=now)


def _plan(
    order: Order,
    attempt: Attempt,
    outcome: AddOutcome | Withheld,
    *,
    problem: str,
    wait: timedelta,
    now: datetime,
) -> str:
    exchange = None if isinstance(outcome, Withheld) else outcome.raw
    attempt.plan_resend(at=database_now() + wait, problem=problem, exchange=exchange)
    order.record(
        kind=EventKind.UNCLEAR,
        text=f"Still unclear: {problem}. Retried in {wait.total_seconds():.0f} s at the earliest.",
        now=now,
        is_internal=True,
        detail={"attempt": attempt.pk, "http_status": attempt.http_status, "reply": attempt.reply},
    )
    return "still unclear"
