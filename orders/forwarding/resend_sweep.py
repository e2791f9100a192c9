"""Repeating: one sweep sends orders that were perhaps placed again, where the provider gives one
order for one key.

The same fields go with the same key under the same attempt, so that whatever came of the first call
is the answer to the next. Everywhere else such an order is never sent again without a proof
(resolving.py).
"""

import logging
import time
from collections import Counter
from functools import partial
from uuid import uuid4

from django.conf import settings
from django.db.models import Exists, OuterRef

from catalog.models import Provider
from catalog.upstream import Client
from lib.clock import database_now
from orders.forwarding.claim import open_at
from orders.forwarding.record_outcome import surely
from orders.forwarding.resend_claim import claim_resend, due_resends
from orders.forwarding.resend_outcome import record_resend_outcome
from orders.forwarding.send import send_again
from orders.jobs.crash_points import reach
from orders.jobs.lanes import ask_providers, note_of, sweep_end
from orders.jobs.sender_locks import SenderAlive, sender_lock, slot
from orders.models import Attempt

log = logging.getLogger(__name__)

MAX_AT_ONCE = 500  # attempts at one provider in one sweep
# providers looked after at one time; each gets one call at a time, within its concurrency
MAX_THREADS = 8


def resend_due() -> str:
    """Send again what may be; returns a note such as "2 accepted, 1 still unclear".

    Halts, pauses, drained lanes and the provider's concurrency hold as for a first sending. Sweeps
    may run side by side: the sender lock and the claim of a row make sure that one of them sends
    it. Raises the first unexpected error of a provider after the others were looked after.
    """
    now = database_now()
    due = due_resends(now=now).filter(provider=OuterRef("pk"))
    lanes = list(Provider.objects.filter(open_at(now), Exists(due)).order_by("pk"))
    work = partial(_work_off, stop_at=sweep_end())
    tally = ask_providers(work, lanes, threads=MAX_THREADS, name="resend")
    return note_of(tally, nothing="nothing to resend")


def resend_attempt(*, attempt: Attempt, client: Client) -> str | None:
    """Send one attempt again and record the answer; what came of it, or None where it must not be
    sent now.

    Never while an earlier sender of it lives, and never beside a second one: both hold the
    attempt's pulse.
    """
    try:
        with sender_lock(attempt_id=attempt.pk):
            taken = claim_resend(
                attempt=attempt,
                account=client.fingerprint(pepper=settings.SECRET_KEY),
                owner=uuid4(),
            )
            if taken is None:
                return None
            reach("after_claim")
            outcome = send_again(claim=taken.claim, client=client)
            reach("after_send")
            word = surely(partial(record_resend_outcome, repeat=taken, outcome=outcome))
            reach("after_record")
            return word
    except SenderAlive:
        return None  # its sender lives, or somebody settles it at this moment


def _work_off(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    tally: Counter[str] = Counter()
    with slot(provider_id=provider.pk, slots=settings.SUBMIT_CONCURRENCY) as is_free:
        if not is_free:
            return tally
        due = due_resends(now=database_now()).filter(provider=provider)
        for attempt in due.order_by("resend_at", "pk")[:MAX_AT_ONCE]:
            if time.monotonic() >= stop_at:
                break
            tally[resend_attempt(attempt=attempt, client=client) or "not now"] += 1
    return tally
