"""Judging: the verdicts that one reading of our account at a provider proves, and the evidence for
the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from catalog.models import Provider
from catalog.prices.arithmetic import cost_for
from lib.clock import database_now
from orders.models import AttemptState, Evidence, Order, Orphan, ProviderAccount, Status
from orders.unclear.account_books import AccountBalance, is_explained, may_be_posts
from orders.unclear.alerts import note_missing, note_strangers
from orders.unclear.apply_verdict import (
    conclude_not_placed,
    conclude_placed,
    contradict,
    keep_evidence,
)
from orders.unclear.baseline import baseline_of, topped_up_since
from orders.unclear.checklist import AccountFacts, checklist, evidence
from orders.unclear.match import Matching, match
from orders.unclear.open_attempts import OpenAttempt
from orders.unclear.provider_traits import places
from orders.unclear.read_account import Reading


def judge(
    *,
    account: ProviderAccount,
    found: Sequence[OpenAttempt],
    covered: frozenset[int],
    reading: Reading,
) -> Counter[str]:
    """Give every verdict that the reading proves; returns how many of which.

    `found`: all that was perhaps placed; `covered`: the attempts whose brackets were read whole.
    Each verdict is one transaction. What is not proved keeps its evidence.
    """
    now, provider = timezone.now(), account.provider
    if _is_overtaken(provider, reading):
        return Counter({"overtaken": 1})
    explained = _remember(provider, reading, now)
    strays = [stray for stray in reading.strays if stray.upstream_id not in explained]
    suspects = [each.as_suspect() for each in found]
    matching = match(
        suspects=suspects, strays=strays, is_remains_exact=account.remains_exact is True
    )
    facts = _facts(account, found, covered, reading, matching, now)
    tally, elsewhere = _conclude_placed(found, facts, now)
    for each in found:
        if each.is_due and facts.matching.placed.get(each.attempt.pk) not in elsewhere:
            tally[_conclude(each, facts, elsewhere, now)] += 1
    return tally


def _is_overtaken(provider: Provider, reading: Reading) -> bool:
    """Whether staff attached one of the orders found while we were reading."""
    names = [str(stray.upstream_id) for stray in reading.strays]
    return Order.objects.filter(provider=provider, upstream_id__in=names).exists()


def _remember(provider: Provider, reading: Reading, now: datetime) -> set[int]:
    """Write down every order found, since its charge counts from now on; returns those that
    staff have explained.
    """
    Orphan.objects.bulk_create(
        [
            Orphan(
                provider=provider,
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
    rows = Orphan.objects.filter(provider=provider, explained_at__isnull=False)
    return {int(name) for name in rows.values_list("upstream_id", flat=True)}


def _facts(
    account: ProviderAccount,
    found: Sequence[OpenAttempt],
    covered: frozenset[int],
    reading: Reading,
    matching: Matching,
    now: datetime,
) -> AccountFacts:
    provider = account.provider
    undecided = [each.attempt for each in found if each.attempt.state != AttemptState.NOT_PLACED]
    open_costs = {
        attempt.pk: attempt.cost for attempt in undecided if not attempt.order.is_subscription
    }
    lost_posts = [attempt.order_id for attempt in undecided if attempt.order.is_subscription]
    post_rates = _post_rates(provider, lost=lost_posts)
    unseen = [
        cost for pk, cost in open_costs.items() if pk not in covered and pk not in matching.placed
    ]
    rivals = {
        pk: cost for pk, cost in open_costs.items() if pk in covered and pk not in matching.placed
    }
    baseline, account_balance = baseline_of(provider), None
    if baseline is not None and reading.orphans is not None:
        account_balance = AccountBalance(
            baseline=baseline.total,
            top_ups=topped_up_since(baseline),
            balance=reading.balance,
            known=reading.known,
            orphans=reading.orphans,
        )
    problem = _problem(
        account,
        account_balance,
        reading,
        matching,
        unseen,
        rivals,
        post_rates,
        bool(lost_posts),
        now,
    )
    baseline_at = baseline.read_at if baseline and baseline.read_at else reading.read_at
    shown = max(places(reading.balance), places(baseline.balance or Decimal(0)) if baseline else 0)
    return AccountFacts(
        reading=reading,
        baseline_at=baseline_at,
        account_balance=account_balance,
        matching=matching,
        covered=covered,
        unseen=unseen,
        rivals=rivals,
        post_rates=post_rates,
        smallest_visible=Decimal(1).scaleb(-shown),
        problem=problem,
    )


def _post_rates(provider: Provider, *, lost: Sequence[int]) -> list[Decimal]:
    """What a post costs of each subscription that runs there, or may: as it was ordered, and as it
    is listed now.

    `lost`: the orders that were perhaps placed.
    """
    orders = Order.objects.filter(provider=provider, posts__isnull=False).filter(
        Q(status=Status.RUNNING) | Q(pk__in=lost)
    )
    pairs = orders.order_by("pk").values_list("rate", "service__rate")
    rates = {rate for pair in pairs for rate in pair}
    return sorted(cost_for(cost=rate, billed_quantity=1, is_per_order=True) for rate in rates)


def _problem(
    account: ProviderAccount,
    account_balance: AccountBalance | None,
    reading: Reading,
    matching: Matching,
    unseen: Sequence[Decimal],
    rivals: Mapping[int, Decimal],
    post_rates: Sequence[Decimal],
    has_lost_posts: bool,
    now: datetime,
) -> str:
    """Why "not placed" must not be said of anything at this provider now; empty where nothing
    speaks against it.
    """
    if matching.strangers:
        strangers = Orphan.objects.filter(
            provider_id=account.pk, upstream_id__in=map(str, matching.strangers)
        )
        strangers.update(is_stranger=True)
        return note_strangers(account=account, upstream_ids=matching.strangers, now=now)
    account.refresh_from_db(fields=["verdicts_paused_at", "verdicts_pause_reason", "unexplained"])
    if account.verdicts_paused_at is not None:
        return account.verdicts_pause_reason
    if account_balance is None:
        return "The books of the account are not begun yet." if reading.orphans is not None else ""
    if not reading.is_steady or is_explained(
        missing=account_balance.missing, costs=[*unseen, *rivals.values()]
    ):
        return ""
    if has_lost_posts and account_balance.missing > 0:
        return "A subscription that may run there unknown to us may have been billed posts."
    if may_be_posts(account_balance.missing, rates=post_rates):
        return "Subscriptions that run there may have been billed posts while the account was read: it is read again."
    if unseen and account_balance.missing > 0:
        return "More or less is missing than any unclear order costs; one that was not found yet may explain it."
    return note_missing(account=account, missing=account_balance.missing, now=now)


def _conclude_placed(
    found: Sequence[OpenAttempt], facts: AccountFacts, now: datetime
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
        kept = replace(
            _look_at(each, facts, frozenset()),
            next_step=f"None: it is their order {number}, which nothing else of ours can be.",
        )
        if each.is_unclear and conclude_placed(
            attempt_id=attempt_id, upstream_id=str(number), evidence=kept, now=now
        ):
            settled.add(number)
            tally["placed"] += 1
    return tally, frozenset(settled)


def _conclude(
    each: OpenAttempt, facts: AccountFacts, elsewhere: frozenset[int], now: datetime
) -> str:
    kept = _look_at(each, facts, elsewhere)
    keep_evidence(attempt_id=each.attempt.pk, evidence=kept)
    if kept.unmet:
        return "undecided"
    settled = replace(kept, next_step="None: it is sent again.")
    is_settled = conclude_not_placed(attempt_id=each.attempt.pk, evidence=settled, now=now)
    return "not placed" if is_settled else "undecided"


def _look_at(each: OpenAttempt, facts: AccountFacts, elsewhere: frozenset[int]) -> Evidence:
    conditions = [
        *each.conditions,
        *checklist(attempt=each.attempt, facts=facts, elsewhere=elsewhere),
    ]
    reading = facts.reading
    calls = reading.calls if each.attempt.pk in facts.covered else 0
    each.investigation.note_look(calls=calls, now=database_now(), read_at=reading.read_at)
    return evidence(conditions=conditions, id_range=each.id_range, facts=facts)
