"""The verdicts that follow from one reading of our account, and the evidence for the rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from lib.clock import database_now
from orders.models import AttemptState, Evidence, Order, Orphan, ProviderAccount
from orders.unclear.account_balance import is_explained, may_be_posts
from orders.unclear.account_facts import AccountFacts, account_facts
from orders.unclear.alerts import note_missing, note_strangers
from orders.unclear.apply_verdict import (
    conclude_not_placed,
    conclude_placed,
    contradict,
    keep_evidence,
)
from orders.unclear.checklist import as_evidence, checklist
from orders.unclear.match import match
from orders.unclear.open_attempts import OpenAttempt
from orders.unclear.read_account import Reading


def judge(
    *,
    account: ProviderAccount,
    found: Sequence[OpenAttempt],
    covered: frozenset[int],
    reading: Reading,
) -> Counter[str]:
    """Give every verdict that follows, each in one transaction; returns counts by outcome.

    `found`: all that was perhaps placed; `covered`: the attempts whose id range was read whole.
    """
    now = timezone.now()
    if _is_overtaken(account, reading):
        return Counter({"overtaken": 1})
    explained = _remember(account, reading, now)
    matching = match(
        suspects=[each.as_suspect() for each in found],
        strays=[stray for stray in reading.strays if stray.upstream_id not in explained],
        is_remains_exact=account.remains_exact is True,
    )
    facts = account_facts(
        account=account, found=found, covered=covered, reading=reading, matching=matching
    )
    problem = _problem(account, facts, now)
    tally, elsewhere = _settle_placed(found, facts, problem, now)
    for each in found:
        if each.is_due and matching.placed.get(each.attempt.pk) not in elsewhere:
            tally[_settle_or_keep(each, facts, problem, elsewhere, now)] += 1
    return tally


def _is_overtaken(account: ProviderAccount, reading: Reading) -> bool:
    """Whether staff attached one of the orders found while we were reading."""
    names = [str(stray.upstream_id) for stray in reading.strays]
    return Order.objects.filter(provider_id=account.pk, upstream_id__in=names).exists()


def _remember(account: ProviderAccount, reading: Reading, now: datetime) -> set[int]:
    """Store every order found, since its charge counts; returns those that staff have explained."""
    Orphan.objects.bulk_create(
        [
            Orphan(
                provider_id=account.pk,
                upstream_id=str(stray.upstream_id),
                word=reading.words[stray.upstream_id],
                charge=stray.charge or Decimal(0),
                remains=stray.remains,
                seen_at=now,
            )
            for stray in reading.strays
        ],
        update_conflicts=True,
        unique_fields=["provider", "upstream_id"],
        update_fields=["word", "charge", "remains"],
    )
    rows = Orphan.objects.filter(provider_id=account.pk, explained_at__isnull=False)
    return {int(name) for name in rows.values_list("upstream_id", flat=True)}


def _problem(account: ProviderAccount, facts: AccountFacts, now: datetime) -> str:
    """Why "not placed" must not be said of anything here now; empty where nothing is against it."""
    if strangers := facts.matching.strangers:
        rows = Orphan.objects.filter(provider_id=account.pk, upstream_id__in=map(str, strangers))
        rows.update(is_stranger=True)
        return note_strangers(account=account, upstream_ids=strangers, now=now)
    account.refresh_from_db(fields=["verdicts_paused_at", "verdicts_pause_reason", "unexplained"])
    if account.verdicts_paused_at is not None:
        return account.verdicts_pause_reason
    if facts.account_balance is None:
        has_charges = facts.reading.orphans is not None
        return "No baseline of the account balance has been read yet." if has_charges else ""
    missing = facts.account_balance.missing
    costs = [*facts.unseen, *facts.rivals.values()]
    if not facts.reading.is_steady or is_explained(missing=missing, costs=costs):
        return ""
    if facts.has_lost_subscriptions and missing > 0:
        return "A subscription that may run there unknown to us may have been charged for posts."
    if may_be_posts(missing, rates=facts.post_rates):
        return "Running subscriptions may have been charged meanwhile; the account is read again."
    if facts.unseen and missing > 0:
        return "The missing amount fits no unclear order; one not looked for yet may explain it."
    return note_missing(account=account, missing=missing, now=now)


def _settle_placed(
    found: Sequence[OpenAttempt], facts: AccountFacts, problem: str, now: datetime
) -> tuple[Counter[str], frozenset[int]]:
    """What was found is what was lost: those orders run. Returns the ids that are settled so."""
    tally: Counter[str] = Counter()
    settled = set()
    by_attempt = {each.attempt.pk: each for each in found}
    for attempt_id, number in facts.matching.placed.items():
        each = by_attempt[attempt_id]
        if each.attempt.state == AttemptState.NOT_PLACED:
            contradict(order_id=each.attempt.order_id, upstream_id=str(number), now=now)
            continue
        evidence = replace(
            _evidence(each, facts, problem, frozenset()),
            next_step=f"None. It is provider order {number}; no other order of ours fits.",
        )
        if each.is_unclear and conclude_placed(
            attempt_id=attempt_id, upstream_id=str(number), evidence=evidence, now=now
        ):
            settled.add(number)
            tally["placed"] += 1
    return tally, frozenset(settled)


def _settle_or_keep(
    each: OpenAttempt,
    facts: AccountFacts,
    problem: str,
    elsewhere: frozenset[int],
    now: datetime,
) -> str:
    evidence = _evidence(each, facts, problem, elsewhere)
    keep_evidence(attempt_id=each.attempt.pk, evidence=evidence)
    if evidence.unmet:
        return "undecided"
    settled = replace(evidence, next_step="None. It is sent again.")
    is_settled = conclude_not_placed(attempt_id=each.attempt.pk, evidence=settled, now=now)
    return "not placed" if is_settled else "undecided"


def _evidence(
    each: OpenAttempt, facts: AccountFacts, problem: str, elsewhere: frozenset[int]
) -> Evidence:
    """All that is known of the attempt now; counts the look at it."""
    reading = facts.reading
    calls = reading.calls if each.attempt.pk in facts.covered else 0
    each.investigation.note_look(calls=calls, now=database_now(), read_at=reading.read_at)
    found = checklist(attempt=each.attempt, facts=facts, problem=problem, elsewhere=elsewhere)
    conditions = [*each.conditions, *found]
    return as_evidence(conditions=conditions, id_range=each.id_range, facts=facts)
