"""A provider's unresolved attempts, and which of them are ready to be checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.forwarding.record_outcome import ASKED_AGAIN
from orders.jobs.sender_locks import living_senders
from orders.models import Attempt, AttemptState, Condition, Investigation, ProviderAccount
from orders.models.attempts import quiet
from orders.unclear.id_range import IdRange
from orders.unclear.known_orders import id_range_of
from orders.unclear.match import Suspect
from orders.unclear.provider_traits import lacks
from orders.unclear.readiness import readiness

_BY_POST = Condition(
    "Charged at once",
    is_met=False,
    words="It is a subscription: nothing is charged before a post is served, so no amount shows"
    " what became of it.",
    advice="Look for the username among the provider's subscriptions.",
)
_ASKED_AGAIN = Condition(
    "Not being retried",
    is_met=False,
    words="It is retried with its idempotency key until that is answered.",
    advice=ASKED_AGAIN,
)


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """One attempt that was perhaps placed."""

    attempt: Attempt
    investigation: Investigation
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
    """Every attempt that was perhaps placed, the oldest first; `now` by the database's clock.

    With those that staff took for not placed: what is found may be theirs.
    """
    rows = account.provider.attempts.select_related("order", "investigation")
    # two queries: each has an index of its own
    attempts = [*rows.sent_or_unknown(), *rows.decided_not_placed()]
    alive = living_senders([attempt.pk for attempt in attempts])
    lacking = lacks(account)
    return [
        _open_attempt(attempt, account, lacking, is_dead=attempt.pk not in alive, now=now)
        for attempt in sorted(
            attempts, key=lambda each: (each.sent_at or each.prepared_at, each.pk)
        )
    ]


def _open_attempt(
    attempt: Attempt,
    account: ProviderAccount,
    lacking: Sequence[str],
    *,
    is_dead: bool,
    now: datetime,
) -> OpenAttempt:
    id_range, investigation = id_range_of(attempt), Investigation.of(attempt)
    conditions = readiness(
        investigation=investigation,
        lacking=lacking,
        is_probe_allowed=account.provider.is_probe_allowed,
        is_quiet=attempt.last_sent_at is not None and attempt.last_sent_at + quiet() < now,
        is_dead=is_dead,
        id_range=id_range,
    )
    if attempt.order.is_subscription:
        conditions.insert(0, _BY_POST)
    if attempt.resend_at is not None and account.provider.is_idempotent:
        conditions.insert(0, _ASKED_AGAIN)
    is_ready = attempt.state == AttemptState.UNKNOWN and all(each.is_met for each in conditions)
    return OpenAttempt(
        attempt=attempt,
        investigation=investigation,
        id_range=id_range,
        conditions=conditions,
        is_due=is_ready and investigation.is_due(now=now),
    )
