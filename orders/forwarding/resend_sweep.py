"""Send perhaps placed orders again, where the provider places one order for one key.

The same fields go with the same key under the same attempt, so whatever came of the first call is
the answer to the next. Any other unclear order is never sent again without evidence (unclear/).
"""

import time
from collections import Counter
from functools import partial
from uuid import uuid4

from django.conf import settings
from django.db.models import Exists, OuterRef

from catalog.models import Provider
from catalog.upstream import Client
from lib.clock import database_now
from orders.forwarding.open_providers import open_for_orders
from orders.forwarding.record_outcome import surely
from orders.forwarding.resend_claim import claim_resend
from orders.forwarding.resend_outcome import record_resend_outcome
from orders.forwarding.send import send_again
from orders.jobs.crash_points import reach
from orders.jobs.lanes import ask_providers, note_of, sweep_end
from orders.jobs.sender_locks import SenderAlive, sender_lock, slot
from orders.models import Attempt

MAX_AT_ONCE = 500  # attempts at one provider in one sweep
# providers asked at one time; each gets one call at a time, within its concurrency
MAX_THREADS = 8


def resend_due() -> str:
    """Send again what may be; returns a note such as "2 accepted, 1 still unclear".

    Halts, pauses, drains and the provider's concurrency hold as for a first sending. Sweeps may run
    side by side: the sender lock and the claim of a row let one of them send it. Raises the first
    unexpected error of a provider after the others had their turn.
    """
    now = database_now()
    due = Attempt.objects.due_for_resend(now=now).filter(provider=OuterRef("pk"))
    providers = open_for_orders(now=now).filter(Exists(due)).order_by("pk")
    work = partial(_resend_lane, stop_at=sweep_end())
    tally = ask_providers(work, list(providers), threads=MAX_THREADS, name="resend")
    return note_of(tally, nothing="nothing to resend")


def resend_attempt(*, attempt: Attempt, client: Client) -> str | None:
    """Send one attempt again and record the answer; None where it must not be sent now.

    Never while an earlier sender of it lives, never beside a second one: both hold its sender lock.
    """
    try:
        with sender_lock(attempt_id=attempt.pk):
            resend = claim_resend(
                attempt=attempt,
                account=client.fingerprint(pepper=settings.SECRET_KEY),
                owner=uuid4(),
            )
            if resend is None:
                return None
            reach("after_claim")
            outcome = send_again(claim=resend.claim, client=client)
            reach("after_send")
            word = surely(partial(record_resend_outcome, resend=resend, outcome=outcome))
            reach("after_record")
            return word
    except SenderAlive:
        return None  # its sender lives, or somebody settles it at this moment


def _resend_lane(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    tally: Counter[str] = Counter()
    with slot(provider_id=provider.pk, slots=settings.SUBMIT_CONCURRENCY) as is_free:
        if not is_free:
            return tally
        due = Attempt.objects.due_for_resend(now=database_now()).filter(provider=provider)
        for attempt in due.order_by("resend_at", "pk")[:MAX_AT_ONCE]:
            if time.monotonic() >= stop_at:
                break
            tally[resend_attempt(attempt=attempt, client=client) or "not now"] += 1
    return tally
