"""What one reading of our account at a provider says about all attempts that are unclear there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from catalog.prices.arithmetic import cost_for
from orders.models import AttemptState, Baseline, Order, ProviderAccount, Status
from orders.unclear.account_balance import AccountBalance
from orders.unclear.baseline import baseline_of, topped_up_since
from orders.unclear.match import Matching
from orders.unclear.open_attempts import OpenAttempt
from orders.unclear.provider_traits import places
from orders.unclear.read_account import Reading


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The reading, and what it is compared with; provider's currency."""

    reading: Reading
    baseline_at: datetime
    # None: no baseline, or the provider does not return the charge of an orphan
    account_balance: AccountBalance | None
    matching: Matching
    covered: frozenset[int]  # attempts whose id range was read whole
    unseen: Sequence[Decimal]  # costs of attempts that may have been placed where nobody looked
    rivals: Mapping[int, Decimal]  # attempt → cost, of those that were looked for
    # of subscriptions that may be charged a post while the account is read
    post_rates: Sequence[Decimal]
    has_lost_subscriptions: bool
    smallest_visible: Decimal  # a cost up to this may be lost in the rounding of a balance


def account_facts(
    *,
    account: ProviderAccount,
    found: Sequence[OpenAttempt],
    covered: frozenset[int],
    reading: Reading,
    matching: Matching,
) -> AccountFacts:
    """Compare the reading with the baseline and with all that is unclear."""
    undecided = [each.attempt for each in found if each.attempt.state != AttemptState.NOT_PLACED]
    lost = [attempt.order_id for attempt in undecided if attempt.order.is_subscription]
    costs = {
        attempt.pk: attempt.cost
        for attempt in undecided
        if not attempt.order.is_subscription and attempt.pk not in matching.placed
    }
    baseline = baseline_of(account.provider)
    return AccountFacts(
        reading=reading,
        baseline_at=baseline.read_at if baseline and baseline.read_at else reading.read_at,
        account_balance=_balance(baseline, reading),
        matching=matching,
        covered=covered,
        unseen=[cost for pk, cost in costs.items() if pk not in covered],
        rivals={pk: cost for pk, cost in costs.items() if pk in covered},
        post_rates=_post_rates(account, lost=lost),
        has_lost_subscriptions=bool(lost),
        smallest_visible=_smallest_visible(baseline, reading),
    )


def _balance(baseline: Baseline | None, reading: Reading) -> AccountBalance | None:
    if baseline is None or reading.orphans is None:
        return None
    return AccountBalance(
        baseline=baseline.total,
        top_ups=topped_up_since(baseline),
        balance=reading.balance,
        known=reading.known,
        orphans=reading.orphans,
    )


def _post_rates(account: ProviderAccount, *, lost: Sequence[int]) -> list[Decimal]:
    """What a post costs, as ordered and as listed now, of each subscription running or `lost`."""
    orders = Order.objects.filter(provider_id=account.pk, posts__isnull=False).filter(
        Q(status=Status.RUNNING) | Q(pk__in=lost)
    )
    pairs = orders.order_by("pk").values_list("rate", "service__rate")
    rates = {rate for pair in pairs for rate in pair}
    return sorted(cost_for(cost=rate, billed_quantity=1, is_per_order=True) for rate in rates)


def _smallest_visible(baseline: Baseline | None, reading: Reading) -> Decimal:
    """One unit of the last decimal that a balance has shown."""
    earlier = (baseline.balance if baseline else None) or Decimal(0)
    return Decimal(1).scaleb(-max(places(reading.balance), places(earlier)))
