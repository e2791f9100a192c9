"""Polling: asking the providers how their refills are coming on, 100 ids a call."""

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from catalog.models import Provider
from catalog.upstream import (
    BATCH,
    Client,
    ErrorReply,
    IdError,
    ProviderError,
    RefillState,
    RefillStatus,
)
from lib.clock import database_now
from orders.jobs.ask_one_by_one import ask_singly, may_know_single_form
from orders.jobs.lanes import ask_providers, note_of, sweep_end, work_off
from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import EventKind, Refill, RequestState, ReviewKind

log = logging.getLogger(__name__)

# a claimed batch is nobody else's for so long; longer than one call may take
HOLD = timedelta(seconds=60)
ERRORS_BEFORE_REVIEW = 5  # per-id errors in a row
MAX_BATCHES = 20  # a sweep's share for one provider; the rest waits for the next sweep
UNKNOWN_WORD = "Unknown status word"  # begins the reason of a refill that stands so

_WORDS = {RefillState.PENDING: "Pending", RefillState.IN_PROGRESS: "In progress"}
_ENDS = {
    RefillState.COMPLETED: (RequestState.COMPLETED, "completed"),
    RefillState.REJECTED: (RequestState.REJECTED, "rejected by the provider"),
    RefillState.CANCELED: (RequestState.REJECTED, "canceled by the provider"),
    RefillState.FAILED: (RequestState.REJECTED, "failed at the provider"),
}


def poll_refills() -> str:
    """One sweep over all providers; returns a note for the staff page."""
    due = Refill.objects.filter(state=RequestState.RUNNING, due_at__lte=database_now())
    lanes = Provider.objects.filter(pk__in=due.values_list("provider_id", flat=True)).order_by("pk")
    work = partial(_poll_lane, stop_at=sweep_end())
    tally = ask_providers(work, list(lanes), threads=1, name="refills")
    return note_of(tally, nothing="nothing due")


def _poll_lane(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    batch = partial(poll_batch, provider=provider, client=client, stop_at=stop_at)
    return work_off(batch, stop_at=stop_at, at_least=1, at_most=MAX_BATCHES)


def poll_batch(*, provider: Provider, client: Client, stop_at: float = math.inf) -> Counter[str]:
    """Claim up to 100 due refills, ask, apply. Nothing is locked while the provider is asked.

    A provider that refuses the whole batch is asked one by one until `stop_at` (monotonic seconds).
    """
    refills = claim_batch(provider=provider, now=database_now())
    if not refills:
        return Counter()
    try:
        reply = client.refill_status([refill.upstream_id for refill in refills])
    except ErrorReply as error:
        if len(refills) > 1 and may_know_single_form(error):
            return _poll_singly(refills, provider=provider, client=client, stop_at=stop_at)
        return _unanswered(provider, error, count=len(refills))
    except ProviderError as error:
        return _unanswered(provider, error, count=len(refills))
    return apply_statuses(refills=refills, statuses=reply.refills, now=database_now())


def _poll_singly(
    refills: Sequence[Refill], *, provider: Provider, client: Client, stop_at: float
) -> Counter[str]:
    tally: Counter[str] = Counter()
    by_name = {refill.upstream_id: refill for refill in refills}
    try:
        for single in ask_singly(
            list(by_name), ask=lambda name: client.refill_status([name]).refills, stop_at=stop_at
        ):
            statuses = {} if single.answer is None else {single.name: single.answer}
            tally += apply_statuses(
                refills=[by_name[single.name]], statuses=statuses, now=database_now()
            )
    except ProviderError as error:
        tally += _unanswered(provider, error, count=len(refills) - tally.total())
    return tally


def _unanswered(provider: Provider, error: ProviderError, *, count: int) -> Counter[str]:
    log.warning("provider %s did not answer about %d refills: %s", provider.pk, count, error)
    return Counter({"unanswered": count})


@transaction.atomic
def claim_batch(*, provider: Provider, now: datetime) -> list[Refill]:
    """Take the provider's refills that have been due longest, so that nobody else asks about
    them meanwhile.
    """
    due = Refill.objects.filter(provider=provider, state=RequestState.RUNNING, due_at__lte=now)
    refills = list(due.select_for_update(skip_locked=True).order_by("due_at", "pk")[:BATCH])
    Refill.objects.filter(pk__in=[refill.pk for refill in refills]).update(due_at=now + HOLD)
    return refills


@transaction.atomic
def apply_statuses(
    *, refills: Sequence[Refill], statuses: Mapping[str, RefillStatus | IdError], now: datetime
) -> Counter[str]:
    """Write down what the provider said of each refill; a refill that has ended meanwhile is
    left as it is.
    """
    tally: Counter[str] = Counter()
    keys = [refill.pk for refill in refills]
    locked = (
        Refill.objects.select_for_update(of=("self",)).select_related("order").filter(pk__in=keys)
    )
    for refill in locked.filter(state=RequestState.RUNNING).order_by("pk"):
        status = statuses.get(refill.upstream_id)
        refill.due_at = now + timedelta(seconds=settings.REFILL_EVERY)
        tally[_apply(refill, status if isinstance(status, RefillStatus) else None, now)] += 1
        refill.save()
    return tally


def _apply(refill: Refill, status: RefillStatus | None, now: datetime) -> str:
    if status is None:
        return _count_error(refill, now)
    refill.errors = 0
    if status.state is RefillState.UNKNOWN:
        return _doubt(refill, status.word, now)
    if refill.reason.startswith(UNKNOWN_WORD):
        why = "The provider has reported a status of the refill that we know since"
        withdraw_reviews(orders=[refill.order], kinds=[ReviewKind.UNKNOWN_STATUS], why=why, now=now)
        refill.reason = ""
    if status.state in _ENDS:
        refill.state, text = _ENDS[status.state]
        refill.ended_at = now
        refill.upstream_status = ""
        refill.reason = "" if refill.state == RequestState.COMPLETED else f"Refill {text}"
        refill.order.record(kind=EventKind.REFILL, text=f"Refill {text}", now=now)
        return "ended"
    refill.upstream_status = _WORDS.get(status.state, refill.upstream_status)
    return "looked at"


def _doubt(refill: Refill, word: str, now: datetime) -> str:
    """A word that nobody has told us the meaning of: it is asked about on, and staff see it,
    once for each word.
    """
    reason = f"{UNKNOWN_WORD}: {word}"[:300]
    if refill.reason != reason:
        refill.reason = reason
        text = f"The provider reports the status {word[:60]!r} of refill {refill.pk}: nobody has told us its meaning."
        refill.order.open_review(kind=ReviewKind.UNKNOWN_STATUS, text=text, now=now)
    return "doubtful"


def _count_error(refill: Refill, now: datetime) -> str:
    refill.errors += 1
    if refill.errors >= ERRORS_BEFORE_REVIEW:
        refill.state = RequestState.UNCLEAR
        refill.reason = f"The provider has not known this refill for {refill.errors} looks in a row"
        refill.order.record(kind=EventKind.REFILL, text=refill.reason, now=now, is_internal=True)
        return "unclear"
    return "unknown there"
