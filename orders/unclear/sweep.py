"""One sweep finds out what became of orders that were perhaps placed.

"Placed" is final at once; "not placed" needs that the order is old enough, its sender gone, the ids
around it read, no money missing and no order found that may be it. All else stays with staff.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from catalog.models import Provider
from catalog.upstream import BATCH, Client
from lib.clock import database_now
from orders.forwarding.drain import drained_lane
from orders.jobs.lanes import ask_providers, note_of
from orders.models import MAX_CALLS, Attempt, Evidence, ProviderAccount
from orders.unclear.alerts import tell_of_long_unclear
from orders.unclear.apply_verdict import keep_evidence
from orders.unclear.baseline import expected, read_baseline
from orders.unclear.checklist import as_evidence
from orders.unclear.id_range import choose_ids
from orders.unclear.known_orders import known_ids
from orders.unclear.open_attempts import OpenAttempt, open_attempts
from orders.unclear.provider_traits import is_due, lacks, learn_remains, self_test
from orders.unclear.read_account import EDGES, NotReadable, read_account
from orders.unclear.verdicts import judge

log = logging.getLogger(__name__)

SWEEP_SECONDS = 38.0  # after which nothing more is asked: the task's soft limit is 45 s
MAX_THREADS = 8  # providers looked after at one time


def resolve_due() -> str:
    """Settle what can be settled at every provider; returns a note such as "2 not placed".

    The rest is left for the next sweep, and staff see it all the while. Raises the first unexpected
    error after the other providers were looked after.
    """
    tell_of_long_unclear(now=timezone.now())
    unclear = Attempt.objects.unknown().filter(provider=OuterRef("pk"))
    providers = Provider.objects.filter(Q(is_probe_allowed=True) | Exists(unclear)).order_by("pk")
    work = partial(resolve, stop_at=time.monotonic() + SWEEP_SECONDS)
    tally = ask_providers(work, list(providers), threads=MAX_THREADS, name="resolve")
    return note_of(tally, nothing="nothing unclear")


def resolve(provider: Provider, client: Client, *, stop_at: float) -> Counter[str]:
    """One provider's traits, baseline and unclear orders; outside a transaction."""
    account = ProviderAccount.objects.of(provider)
    now, has_unclear = database_now(), provider.attempts.unknown().exists()
    if provider.is_probe_allowed:
        if is_due(account, now=now) or (has_unclear and lacks(account)):
            self_test(account=account, client=client, now=now)
        if has_unclear:
            learn_remains(account=account, client=client)
        read_baseline(provider=provider, client=client, stop_at=stop_at)
    if not has_unclear:  # id ranges of whatever staff have ever decided cost two queries each
        return Counter()
    found = open_attempts(account=account, now=now)
    if not any(each.is_due for each in found):
        return _leave(found)
    with drained_lane(provider_id=provider.pk, patience=settings.PROVIDER_TIMEOUT + 1) as is_empty:
        if not is_empty:
            return Counter({"lane busy": 1})
        return _look(account, client, stop_at)


def _look(account: ProviderAccount, client: Client, stop_at: float) -> Counter[str]:
    """Read the account once for all orders that are due, and give the verdicts."""
    now = database_now()
    found = open_attempts(account=account, now=now)
    due = {each.attempt.pk: each for each in found if each.is_due}
    spent = max((each.investigation.calls for each in due.values()), default=0)
    id_ranges = {pk: each.id_range for pk, each in due.items()}
    ids, covered = choose_ids(
        id_ranges=id_ranges,
        known=known_ids(account.pk, id_ranges=id_ranges.values()),
        most=(MAX_CALLS - spent) * (BATCH - EDGES),
    )
    try:
        reading = read_account(
            provider=account.provider,
            client=client,
            ids=ids,
            edges=_edges([due[pk] for pk in covered]),
            expected=expected(account.provider),
            stop_at=stop_at,
        )
    except NotReadable as problem:
        return _postpone(list(due.values()), problem, now)
    return judge(account=account, found=found, covered=frozenset(covered), reading=reading)


def _leave(found: Sequence[OpenAttempt]) -> Counter[str]:
    """Nothing can be looked up now: staff see what each waits for."""
    waiting = [each for each in found if each.is_unclear]
    for each in waiting:
        if not all(condition.is_met for condition in each.conditions):
            _keep(each, as_evidence(conditions=each.conditions, id_range=each.id_range))
    return Counter({"waiting": len(waiting)}) if waiting else Counter()


def _postpone(due: Sequence[OpenAttempt], problem: NotReadable, now: datetime) -> Counter[str]:
    for each in due:
        kept = as_evidence(conditions=each.conditions, id_range=each.id_range, problem=str(problem))
        keep_evidence(attempt_id=each.attempt.pk, evidence=kept)
        each.investigation.note_look(calls=problem.calls, now=now)
    return Counter({"not readable": len(due)})


def _edges(read: Sequence[OpenAttempt]) -> list[str]:
    """Two ids of ours around all that is asked for."""
    lowest = min(
        (each.id_range.lower for each in read if each.id_range.lower is not None), default=None
    )
    highest = max(
        (each.id_range.upper for each in read if each.id_range.upper is not None), default=None
    )
    return [str(edge) for edge in (lowest, highest) if edge is not None]


def _keep(open_attempt: OpenAttempt, kept: Evidence) -> None:
    """Write only what is news, beside what the last reading found: a lane may wait for days."""
    before = open_attempt.attempt.evidence
    after = replace(kept, orphans=before.orphans, money=before.money)
    if after != before:
        keep_evidence(attempt_id=open_attempt.attempt.pk, evidence=after)
