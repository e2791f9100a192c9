"""The orders of one provider that were perhaps placed, and how far each may be asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from orders.forwarding.record_outcome import ASKED_AGAIN
from orders.jobs.sender_locks import living_senders
from orders.models import Attempt, AttemptState, ProviderAccount
from orders.models.attempts import quiet
from orders.unclear.evidence import Condition, readiness
from orders.unclear.id_range import IdRange
from orders.unclear.known_orders import id_range_of
from orders.unclear.match import Suspect
from orders.unclear.provider_traits import lacks

_BY_POST = Condition(
    "Charged at once",
    is_met=False,
    words="It is a subscription: nothing is charged before a post is served, so no figure proves what became of it.",
    advice="Look for the username among the provider's subscriptions.",
)
_ASKED_AGAIN = Condition(
    "Not sent again",
    is_met=False,
    words="It is sent again under its key until that is answered.",
    advice=ASKED_AGAIN,
)
MAX_WAIT = 1800.0  # seconds between two looks at the same order


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """One attempt that was perhaps placed."""

    attempt: Attempt
    id_range: IdRange
    conditions: Sequence[Condition]  # that must be met before the provider is asked
    is_due: bool  # for a look now

    @property
    def is_unclear(self) -> bool:
        """Whether a verdict is wanted: it is neither still being sent nor settled by staff."""
        return self.attempt.state == AttemptState.UNKNOWN

    def as_suspect(self) -> Suspect:
        """What matching needs to know."""
        return Suspect(
            attempt_id=self.attempt.pk,
            cost=self.attempt.cost,
            billed_quantity=self.attempt.order.billed_quantity,
            id_range=self.id_range,
            is_subscription=self.attempt.order.is_subscription,
            is_dripfeed=bool(self.attempt.order.fields.get("runs")),
        )


def open_attempts(*, account: ProviderAccount, now: datetime) -> list[OpenAttempt]:
    """Every attempt at the provider that was perhaps placed, the oldest first; `now` by the
    database's clock.

    With those that staff took for not placed: they may have been wrong, and what was found may be
    theirs.
    """
    provider = account.provider
    rows = provider.attempts.select_related("order")
    # two queries: each has an index of its own
    attempts = [*rows.sent_or_unknown(), *rows.decided_not_placed()]
    alive = living_senders([attempt.pk for attempt in attempts])
    lacking = lacks(account)
    found = []
    for attempt in sorted(attempts, key=lambda each: (each.sent_at or each.prepared_at, each.pk)):
        id_range = id_range_of(attempt)
        conditions = readiness(
            attempt=attempt,
            lacking=lacking,
            is_probe_allowed=provider.is_probe_allowed,
            is_quiet=attempt.last_sent_at is not None and attempt.last_sent_at + quiet() < now,
            is_dead=attempt.pk not in alive,
            id_range=id_range,
        )
        if attempt.order.is_subscription:
            conditions.insert(0, _BY_POST)
        if attempt.resend_at is not None and provider.is_idempotent:
            conditions.insert(0, _ASKED_AGAIN)
        is_ready = attempt.state == AttemptState.UNKNOWN and all(each.is_met for each in conditions)
        is_due = is_ready and _next_look(attempt) <= now
        found.append(
            OpenAttempt(attempt=attempt, id_range=id_range, conditions=conditions, is_due=is_due)
        )
    return found


def counters(*, attempt: Attempt, calls: int, now: datetime) -> dict[str, Any]:
    """What is counted of the looks at an attempt: each further one comes after twice the time."""
    looks = int(attempt.evidence.get("looks", 0)) + 1
    wait = min(MAX_WAIT, settings.RESOLVE_EVERY * (2 ** min(looks - 1, 20) - 0.5))
    return {
        "looks": looks,
        "calls": int(attempt.evidence.get("calls", 0)) + calls,
        "next_look_at": (now + timedelta(seconds=wait)).isoformat(),
    }


def kept_counters(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The counters as they stand."""
    return {name: evidence[name] for name in ("looks", "calls", "next_look_at") if name in evidence}


def _next_look(attempt: Attempt) -> datetime:
    moment = parse_datetime(str(attempt.evidence.get("next_look_at", "")))
    return moment or attempt.prepared_at
