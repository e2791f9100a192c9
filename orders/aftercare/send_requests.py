"""Send approved refills and cancellations to the providers, 100 a call.

A refill that may have been received is never sent again by a machine: staff look it up. A
cancellation is, since asking twice to stop the same order does no harm; after five answers in a row
that say nothing, staff look, too.
"""

import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from catalog.models import Provider
from catalog.upstream import (
    AMBIGUOUS_PHRASES,
    Answered,
    BatchOutcome,
    Client,
    IdError,
    NotSent,
    Reason,
    Rejected,
    Taken,
    Unclear,
)
from catalog.upstream.known_messages import meaning_of
from lib.clock import database_now
from orders.jobs.lanes import ask_providers, note_of, sweep_end, work_off
from orders.lifecycle.public_status import ADVERTISING
from orders.models import (
    ENDED,
    AftercareRequest,
    Cancellation,
    ProviderAccount,
    Refill,
)

log = logging.getLogger(__name__)

MAX_REASON = 200  # characters of a provider's answer that customers read
MAX_BATCHES = 10  # a sweep's share for one provider and kind; the rest waits for the next sweep


def send_due() -> str:
    """One sweep over all providers; returns a note for the staff page."""
    tally: Counter[str] = Counter()
    stop_at = sweep_end()
    close_overtaken(now=database_now())
    for kind in (Refill, Cancellation):
        recover_abandoned(kind=kind, now=database_now())
        due = kind.objects.to_send(now=database_now())
        asked = due.values_list("provider_id", flat=True)
        lanes = Provider.objects.filter(pk__in=asked, paused_at=None).order_by("pk")
        work = partial(_send_lane, kind=kind, stop_at=stop_at)
        tally += ask_providers(work, list(lanes), threads=1, name="aftercare")
    return note_of(tally, nothing="nothing due")


def _send_lane(
    provider: Provider, client: Client, *, kind: type[AftercareRequest], stop_at: float
) -> Counter[str]:
    batch = partial(send_batch, kind=kind, provider=provider, client=client, stop_at=stop_at)
    return work_off(batch, stop_at=stop_at, at_least=1, at_most=MAX_BATCHES)


def send_batch(
    *, kind: type[AftercareRequest], provider: Provider, client: Client, stop_at: float = math.inf
) -> Counter[str]:
    """Claim up to 100 approved requests, send them in one call, write down what came of each.

    A provider that rejects the whole batch has done nothing of it: it may know only the single
    form, or one bad order spoils the batch. They are sent one by one until `stop_at` (monotonic
    seconds).
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
    requests: Sequence[AftercareRequest], *, provider: Provider, client: Client, stop_at: float
) -> Counter[str]:
    """Send each in a call of its own, claimed anew; what is not sent in time stays approved."""
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


def _call(
    requests: Sequence[AftercareRequest], *, provider: Provider, client: Client
) -> BatchOutcome:
    upstream_ids = [request.order.upstream_id or "" for request in requests]
    words = (*AMBIGUOUS_PHRASES, *ProviderAccount.objects.of(provider).phrases)
    return requests[0].send(client, upstream_ids, ambiguous_phrases=words)


@transaction.atomic
def claim_batch(
    *,
    kind: type[AftercareRequest],
    provider: Provider,
    owner: uuid.UUID,
    now: datetime,
    keys: Collection[int] | None = None,
) -> list[AftercareRequest]:
    """Take the requests (of `keys`, where given) that have been due longest."""
    due = kind.objects.at(provider).sendable(now=now)
    if keys is not None:
        due = due.filter(pk__in=keys)
    return due.claim(owner=owner, now=now)


def give_back(*, requests: Sequence[AftercareRequest], owner: uuid.UUID) -> None:
    """Make requests that were certainly not done, and that `owner` still holds, due again."""
    keys = [request.pk for request in requests]
    type(requests[0]).objects.held_by(owner).filter(pk__in=keys).give_back()


@transaction.atomic
def record_outcome(
    *, requests: Sequence[AftercareRequest], owner: uuid.UUID, outcome: BatchOutcome, now: datetime
) -> Counter[str]:
    """Write down what the provider said of each request that `owner` still holds."""
    tally: Counter[str] = Counter()
    keys = [request.pk for request in requests]
    held = type(requests[0]).objects.held_by(owner).filter(pk__in=keys).locked()
    for request in held.with_order().order_by("pk"):
        request.reply = outcome.raw.body
        tally[_record_one(request, outcome, now)] += 1
    return tally


def _record_one(request: AftercareRequest, outcome: BatchOutcome, now: datetime) -> str:
    """Move the request on by the outcome of its batch; returns the word to count it under."""
    match outcome:
        case Answered(results=results):
            return _record_answer(request, results.get(request.order.upstream_id or ""), now)
        case Rejected(text=text, reason=reason) if not reason.is_ours:
            return _reject(request, text, now)
        case Rejected(text=text) | NotSent(detail=text):
            return _postpone(request, text, now)
        case Unclear(detail=detail):
            return _lose(request, detail, now)


def _record_answer(request: AftercareRequest, answer: Taken | IdError | None, now: datetime) -> str:
    match answer:
        case None:
            return _lose(request, "the provider's answer does not mention it", now)
        case IdError(is_ambiguous=True, text=text):
            return _lose(request, text, now)
        case IdError(text=text):
            return _reject(request, text, now)
        case Taken(refill_id=None) if request.HAS_UPSTREAM_ID:
            return _lose(request, "the provider took it without naming it", now)
        case Taken(refill_id=refill_id):
            request.accept(upstream_id=refill_id or "", now=now)
            return "taken"


def _reject(request: AftercareRequest, text: str, now: datetime) -> str:
    # Customers must learn from it neither who the provider is nor how our account there stands:
    # staff see the whole answer.
    is_about_it = meaning_of(text) is Reason.CUSTOMER and not ADVERTISING.search(text)
    told = f": {text}"[:MAX_REASON] if is_about_it else ""
    request.end_rejected(reason=f"Rejected by the provider{told}", problem=text, now=now)
    return "rejected"


def _postpone(request: AftercareRequest, text: str, now: datetime) -> str:
    log.warning("%s could not be sent: %s", request, text)
    request.postpone(now=now)
    return "postponed"


def _lose(request: AftercareRequest, text: str, now: datetime) -> str:
    """Perhaps taken: a refill is not asked for again, a cancellation so often and no more."""
    request.lost_answers += 1
    if request.may_be_sent_again:
        return _postpone(request, text, now)
    request.leave_unclear(problem=text, now=now)
    return "unclear"


def close_overtaken(*, now: datetime) -> int:
    """End the cancellations whose order ended while they were on their way; returns how many.

    The others end together with their order; one that a worker held at that moment is seen here.
    """
    overtaken = Cancellation.objects.overtaken()
    return sum(
        overtaken.filter(order__status=status).end_with_order(status, now=now) for status in ENDED
    )


@transaction.atomic
def recover_abandoned(*, kind: type[AftercareRequest], now: datetime) -> None:
    """Take back what a dead worker held: a refill becomes unclear, a cancellation is due again."""
    for request in kind.objects.abandoned(now=now).free().with_order().order_by("pk"):
        _lose(request, "the worker that sent it died", now)
