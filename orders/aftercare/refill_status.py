"""Ask the providers how the refills that they took are going, 100 ids a call."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from catalog.models import Provider, StatusSubject
from catalog.status_words import note_unknown
from catalog.upstream import Client, IdError, RefillState, RefillStatus
from lib.clock import database_now
from orders.jobs.ask_one_by_one import Answers, ask_and_apply
from orders.jobs.lanes import ask_providers, note_of, sweep_end, work_off
from orders.lifecycle.withdraw_reviews import withdraw_reviews
from orders.models import Refill, RequestState, Review, ReviewKind
from orders.models.limits import REASON_LENGTH

SILENT_FOR = timedelta(days=1)  # without a status that can be understood
RUNNING_FOR = timedelta(days=30)  # whatever the provider says
REMIND_AFTER = timedelta(days=7)  # a review that staff closed without ending the refill
MAX_SILENT = 100  # are shown in one sweep; the rest waits for the next
SILENT = "No usable status"  # begins the reason of such a refill
QUESTIONS = [ReviewKind.UNKNOWN_STATUS, ReviewKind.REFILL_SILENT]
MAX_BATCHES = 20  # a sweep's share for one provider; the rest waits for the next sweep
UNKNOWN_WORD = "Unknown status word"  # begins the reason of such a refill

_WORDS = {RefillState.PENDING: "Pending", RefillState.IN_PROGRESS: "In progress"}
_ENDS = {
    RefillState.COMPLETED: (RequestState.COMPLETED, "Refill completed"),
    RefillState.REJECTED: (RequestState.REJECTED, "Refill rejected by the provider"),
    RefillState.CANCELED: (RequestState.REJECTED, "Refill canceled by the provider"),
    RefillState.FAILED: (RequestState.REJECTED, "Refill failed at the provider"),
}


def poll_refills() -> str:
    """One sweep over all providers; returns a note for the staff page."""
    due = Refill.objects.due(now=database_now())
    lanes = Provider.objects.filter(pk__in=due.values_list("provider_id", flat=True)).order_by("pk")
    work = partial(_poll_lane, stop_at=sweep_end())
    tally = ask_providers(work, list(lanes), threads=1, name="refills")
    tally += show_silent(now=database_now())
    return note_of(tally, nothing="nothing due")


def _poll_lane(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    batch = partial(poll_batch, provider=provider, client=client, stop_at=stop_at)
    return work_off(batch, stop_at=stop_at, at_least=1, at_most=MAX_BATCHES)


def poll_batch(*, provider: Provider, client: Client, stop_at: float = math.inf) -> Counter[str]:
    """Claim up to 100 due refills, ask, apply. Nothing is locked while the provider is asked."""
    asked_at = database_now()
    refills = claim_batch(provider=provider, now=asked_at)
    if not refills:
        return Counter()

    def apply(answers: Answers[RefillStatus | IdError]) -> Counter[str]:
        named = [refill for refill in refills if refill.upstream_id in answers.names]
        _note_unknown_words(provider, answers.by_name)
        return apply_statuses(refills=named, statuses=answers.by_name, now=database_now())

    return ask_and_apply(
        list(dict.fromkeys(refill.upstream_id for refill in refills)),
        ask=lambda names: client.refill_status(names).refills,
        apply=apply,
        asked_at=asked_at,
        stop_at=stop_at,
    )


def _note_unknown_words(provider: Provider, statuses: Mapping[str, RefillStatus | IdError]) -> None:
    """Show the admin words that nobody has explained; no query where all are understood."""
    words = {
        status.word
        for status in statuses.values()
        if isinstance(status, RefillStatus) and status.state is RefillState.UNKNOWN
    }
    if words:
        subject = StatusSubject.REFILL
        note_unknown(provider=provider, subject=subject, words=words, now=database_now())


@transaction.atomic
def claim_batch(*, provider: Provider, now: datetime) -> list[Refill]:
    """Take the provider's refills that have been due longest."""
    return Refill.objects.filter(provider=provider).claim_due(now=now)


@transaction.atomic
def apply_statuses(
    *, refills: Sequence[Refill], statuses: Mapping[str, RefillStatus | IdError], now: datetime
) -> Counter[str]:
    """Write down what the provider said of each refill that has not ended meanwhile."""
    tally: Counter[str] = Counter()
    running = Refill.objects.running().filter(pk__in=[refill.pk for refill in refills])
    for refill in running.locked().with_order().order_by("pk"):
        status = statuses.get(refill.upstream_id)
        refill.due_at = now + timedelta(seconds=settings.REFILL_EVERY)
        tally[_apply(refill, status if isinstance(status, RefillStatus) else None, now)] += 1
    return tally


def _apply(refill: Refill, status: RefillStatus | None, now: datetime) -> str:
    """Move the refill on; returns the word to count it under."""
    if status is None:
        refill.miss(now=now)
        if refill.state != RequestState.UNCLEAR:
            return "unknown there"
        _ask_staff(refill, f"{refill.reason}.", now)
        return "unclear"
    if status.state is RefillState.UNKNOWN:
        return _review(refill, status.word, now)
    if refill.reason:
        why = "The provider has since reported a known status of the refill"
        withdraw_reviews(orders=[refill.order], kinds=QUESTIONS, why=why, now=now)
    if status.state in _ENDS:
        state, text = _ENDS[status.state]
        refill.end(state, text=text, now=now)
        return "ended"
    upstream_status = _WORDS.get(status.state, refill.upstream_status)
    refill.update_progress(upstream_status=upstream_status, now=now)
    return "looked at"


def _review(refill: Refill, word: str, now: datetime) -> str:
    """Nobody has told us what the word means: ask on, and show each such word to staff once."""
    reason = f"{UNKNOWN_WORD}: {word}"[:REASON_LENGTH]
    is_new = refill.reason != reason
    if refill.reason.startswith(SILENT):
        is_new, reason = False, refill.reason  # staff have that question already
    refill.puzzle(reason=reason)
    if is_new:
        text = f"The provider reports an unknown status for refill {refill.pk}, {word!r}."
        refill.order.open_review(kind=ReviewKind.UNKNOWN_STATUS, text=text, now=now)
    return "to review"


@transaction.atomic
def show_silent(*, now: datetime) -> Counter[str]:
    """Ask staff about refills that would run for ever; one that they leave running, again later."""
    silent = Refill.objects.silent(since=now - SILENT_FOR, requested_before=now - RUNNING_FOR)
    asked = Review.objects.of_kind(ReviewKind.REFILL_SILENT).filter(
        order=OuterRef("order"), raised_at__gt=now - REMIND_AFTER
    )
    waiting = Review.objects.of_kind(ReviewKind.REFILL_SILENT).open()
    silent = silent.exclude(Exists(asked)).exclude(Exists(waiting.filter(order=OuterRef("order"))))
    rows = list(silent.free().with_order().order_by("pk")[:MAX_SILENT])
    for refill in rows:
        heard_at = refill.heard_at
        if heard_at is not None and heard_at < now - SILENT_FOR:
            refill.note_silence(reason=f"{SILENT} since {heard_at:%Y-%m-%d %H:%M} UTC")
            text = f"The provider has given no usable status of refill {refill.pk} since"
            _ask_staff(refill, f"{text} {heard_at:%Y-%m-%d %H:%M} UTC.", now)
        else:
            days = (now - refill.requested_at).days
            _ask_staff(refill, f"Refill {refill.pk} has been running for {days} days.", now)
    return Counter({"silent for too long": len(rows)} if rows else {})


def _ask_staff(refill: Refill, text: str, now: datetime) -> None:
    text += " Ask the provider, then end the refill on the Refills page."
    refill.order.open_review(kind=ReviewKind.REFILL_SILENT, text=text, now=now)
