"""Sending approved refills and cancellations to the providers, 100 a call.

A refill that may have been received is never sent again by a machine: staff look it up. A
cancellation is, since asking twice to stop the same order does no harm and moves no money; after
five answers in a row that say nothing, staff look, too.
"""

import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from catalog.models import Provider
from catalog.upstream import (
    AMBIGUOUS_PHRASES,
    BATCH,
    Answered,
    BatchOutcome,
    Client,
    IdError,
    NotSent,
    Rejected,
    Taken,
    Unclear,
)
from lib.clock import database_now
from orders.jobs.lanes import ask_providers, note_of, sweep_end, work_off
from orders.lifecycle.public_status import ADVERTISING
from orders.models import (
    ENDED,
    Cancellation,
    EventKind,
    ProviderAccount,
    Refill,
    RequestState,
    Status,
)

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than one call may take
BACK_OFF = timedelta(minutes=1)
MAX_LOST = 5  # answers in a row that say nothing, before staff look after a cancellation
MAX_BATCHES = 10  # a sweep's share for one provider and kind; the rest waits for the next sweep

Request = Refill | Cancellation
Kind = type[Refill] | type[Cancellation]


def send_due() -> str:
    """One sweep over all providers; returns a note for the staff page."""
    tally: Counter[str] = Counter()
    stop_at = sweep_end()
    close_overtaken(now=database_now())
    for kind in (Refill, Cancellation):
        reap_leases(kind=kind, now=database_now())
        due = kind.objects.filter(state=RequestState.APPROVED, send_at__lte=database_now())
        asked = due.values_list("provider_id", flat=True)
        lanes = Provider.objects.filter(pk__in=asked, paused_at=None).order_by("pk")
        work = partial(_send_lane, kind=kind, stop_at=stop_at)
        tally += ask_providers(work, list(lanes), threads=1, name="aftercare")
    return note_of(tally, nothing="nothing due")


def _send_lane(provider: Provider, client: Client, *, kind: Kind, stop_at: float) -> Counter[str]:
    batch = partial(send_batch, kind=kind, provider=provider, client=client, stop_at=stop_at)
    return work_off(batch, stop_at=stop_at, at_least=1, at_most=MAX_BATCHES)


def send_batch(
    *, kind: Kind, provider: Provider, client: Client, stop_at: float = math.inf
) -> Counter[str]:
    """Claim up to 100 approved requests, send them in one call, write down what came of each.

    Where the provider refuses the whole batch, nothing of it was done: it may know only the single
    form, or one bad order may spoil the batch. Then they are sent one by one until `stop_at`
    (monotonic seconds).
    """
    owner = uuid.uuid4()
    requests = claim_batch(kind=kind, provider=provider, owner=owner, now=database_now())
    if not requests:
        return Counter()
    outcome = _call(requests, provider=provider, client=client)
    if len(requests) > 1 and isinstance(outcome, Rejected) and not outcome.reason.is_ours:
        give_back(requests=requests, owner=owner)
        return _send_singly(requests, provider=provider, client=client, stop_at=stop_at)
    return record_outcome(requests=requests, owner=owner, outcome=outcome, now=database_now())


def _send_singly(
    requests: Sequence[Request], *, provider: Provider, client: Client, stop_at: float
) -> Counter[str]:
    """Send each in a call of its own, claimed anew before it; what is not sent in time stays
    approved and due.
    """
    tally: Counter[str] = Counter()
    kind = type(requests[0])
    for request in requests:
        owner = uuid.uuid4()
        claimed = claim_batch(
            kind=kind, provider=provider, owner=owner, now=database_now(), keys=[request.pk]
        )
        if claimed:
            outcome = _call(claimed, provider=provider, client=client)
            tally += record_outcome(
                requests=claimed, owner=owner, outcome=outcome, now=database_now()
            )
            if isinstance(outcome, NotSent | Rejected | Unclear):
                break  # the trouble is the provider's: the next sweep tries the rest
        if time.monotonic() >= stop_at:
            break
    return tally


def _call(requests: Sequence[Request], *, provider: Provider, client: Client) -> BatchOutcome:
    upstream_ids = [request.order.upstream_id or "" for request in requests]
    send = client.refill if isinstance(requests[0], Refill) else client.cancel
    phrases = ProviderAccount.objects.of(provider).phrases
    return send(upstream_ids, doubtful_words=(*AMBIGUOUS_PHRASES, *phrases))


@transaction.atomic
def claim_batch(
    *,
    kind: Kind,
    provider: Provider,
    owner: uuid.UUID,
    now: datetime,
    keys: Collection[int] | None = None,
) -> list[Request]:
    """Take the requests (of `keys`, where given) that have been due longest; `sent_at` is written
    before a byte leaves.

    A cancellation of an order that is not at the provider (yet, or any more) stays where it is.
    """
    due = kind.objects.filter(provider=provider, state=RequestState.APPROVED, send_at__lte=now)
    due = due.filter(order__upstream_id__isnull=False)
    if kind is Cancellation:
        due = due.filter(order__status=Status.RUNNING)
    if keys is not None:
        due = due.filter(pk__in=keys)
    locked = (
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("order")
        .order_by("send_at", "pk")
    )
    requests: list[Request] = list(locked[:BATCH])
    kind.objects.filter(pk__in=[request.pk for request in requests]).update(
        state=RequestState.SENDING, owner=owner, lease_until=now + LEASE, sent_at=now
    )
    return requests


def give_back(*, requests: Sequence[Request], owner: uuid.UUID) -> None:
    """Make requests that were certainly not done, and that `owner` still holds, due again."""
    held = type(requests[0]).objects.filter(
        pk__in=[request.pk for request in requests], owner=owner
    )
    held.filter(state=RequestState.SENDING).update(
        state=RequestState.APPROVED, sent_at=None, lease_until=None
    )


@transaction.atomic
def record_outcome(
    *, requests: Sequence[Request], owner: uuid.UUID, outcome: BatchOutcome, now: datetime
) -> Counter[str]:
    """Write down what the provider said of each request that `owner` still holds."""
    tally: Counter[str] = Counter()
    kind = type(requests[0])
    keys = [request.pk for request in requests]
    held = (
        kind.objects.select_for_update(of=("self",))
        .select_related("order")
        .filter(pk__in=keys)
        .order_by("pk")
    )
    for request in held.filter(owner=owner, state=RequestState.SENDING):
        request.reply = outcome.raw.body
        tally[_record_one(request, outcome, now)] += 1
        request.save()
    return tally


def _record_one(request: Request, outcome: BatchOutcome, now: datetime) -> str:
    """Set the request's state by the outcome of its batch; returns the word to count it under."""
    match outcome:
        case Answered(results=results):
            return _record_answer(request, results.get(request.order.upstream_id or ""), now)
        case Rejected(text=text, reason=reason) if not reason.is_ours:
            return _reject(request, text, now)
        case Rejected(text=text) | NotSent(detail=text):
            return _postpone(request, text, now)
        case Unclear(detail=detail):
            return _doubt(request, detail, now)


def _record_answer(request: Request, answer: Taken | IdError | None, now: datetime) -> str:
    if answer is None:
        return _doubt(request, "the provider's answer does not mention it", now)
    if isinstance(answer, IdError):
        return (
            _doubt(request, answer.text, now)
            if answer.is_ambiguous
            else _reject(request, answer.text, now)
        )
    request.state = RequestState.RUNNING
    request.lost_answers = 0
    if isinstance(request, Refill):
        if answer.refill_id is None:
            return _doubt(request, "the provider took it without naming it", now)
        request.upstream_id = answer.refill_id
        request.due_at = now
    _note(request, "accepted by the provider", now)
    return "taken"


def _reject(request: Request, text: str, now: datetime) -> str:
    request.state = RequestState.REJECTED
    # The customer reads it, and must not learn from it who the provider is: staff see the whole
    # answer.
    request.reason = "The provider refused" + (
        "" if ADVERTISING.search(text) else f": {text}"[:200]
    )
    request.ended_at = now
    _note(request, "refused by the provider", now, detail=text)
    return "refused"


def _postpone(request: Request, text: str, now: datetime) -> str:
    request.state = RequestState.APPROVED
    request.send_at = now + BACK_OFF
    request.sent_at = None
    log.warning("%s could not be sent: %s", request, text)
    return "postponed"


def _doubt(request: Request, text: str, now: datetime) -> str:
    """Perhaps taken: a refill is not asked for again, a cancellation so often and no more."""
    request.lost_answers += 1
    if isinstance(request, Cancellation) and request.lost_answers < MAX_LOST:
        return _postpone(request, text, now)
    request.state = RequestState.UNCLEAR
    request.reason = f"Perhaps taken: {text}"[:300]
    _note(request, "is being checked with the provider", now, detail=text)
    return "unclear"


def _note(request: Request, text: str, now: datetime, *, detail: str = "") -> None:
    is_refill = isinstance(request, Refill)
    request.order.record(
        kind=EventKind.REFILL if is_refill else EventKind.CANCEL,
        text=f"{'Refill' if is_refill else 'Cancellation'} {text}",
        now=now,
        detail={"reply": request.reply, "problem": detail} if detail else {"reply": request.reply},
    )


def close_overtaken(*, now: datetime) -> int:
    """End the cancellations whose order ended while they were on their way; returns how many.

    The others end together with their order (ending.py); one that a worker held at that moment is
    seen here.
    """
    overtaken = Cancellation.objects.filter(
        state__in=[RequestState.APPROVED, RequestState.RUNNING, RequestState.UNCLEAR],
        order__status__in=ENDED,
    )
    delivered = overtaken.filter(order__status=Status.COMPLETED)
    count = delivered.update(
        state=RequestState.REJECTED, reason="The provider delivered it all", ended_at=now
    )
    return count + overtaken.update(state=RequestState.COMPLETED, reason="", ended_at=now)


@transaction.atomic
def reap_leases(*, kind: Kind, now: datetime) -> None:
    """Take back what a dead worker held: it may have been sent, so a refill becomes unclear, a
    cancellation is due.
    """
    dead = kind.objects.select_for_update(skip_locked=True, of=("self",)).select_related("order")
    for request in dead.filter(Q(state=RequestState.SENDING), lease_until__lt=now).order_by("pk"):
        _doubt(request, "the worker that sent it died", now)
        request.save()
