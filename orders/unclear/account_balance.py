"""Whether balance, charges and top-ups of our account at a provider add up. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, combinations_with_replacement

# costs whose sums are compared: 16,384 subsets; beyond that only an exact balance counts
MAX_COSTS = 14

MAX_POSTS = 5  # of all subscriptions together, charged while an account is read
MAX_RATES = 8  # different rates: 1,286 sums


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One reading of the account against its baseline; provider's currency, exact."""

    baseline: Decimal  # balance + charges at the baseline
    top_ups: Decimal  # entered since
    balance: Decimal
    known: Decimal  # charges of all orders of ours whose id we know
    orphans: Decimal  # charges of the others found on our account

    @property
    def missing(self) -> Decimal:
        """What was spent and cannot be seen; negative: more than expected is there."""
        return self.baseline + self.top_ups - self.balance - self.known - self.orphans


def sets_summing_to(amount: Decimal, *, costs: Sequence[Decimal]) -> list[frozenset[int]] | None:
    """Every set of positions in `costs` that makes exactly `amount`; None: too many to compare."""
    if len(costs) > MAX_COSTS:
        return [frozenset()] if amount == 0 and all(cost > 0 for cost in costs) else None
    positions = range(len(costs))
    return [
        frozenset(chosen)
        for size in range(len(costs) + 1)
        for chosen in combinations(positions, size)
        if sum((costs[each] for each in chosen), Decimal(0)) == amount
    ]


def is_conserved(
    *, missing: Decimal, cost: Decimal, unseen: Sequence[Decimal], rivals: Sequence[Decimal]
) -> bool:
    """Whether the balance shows that an order of this cost was not charged.

    `unseen`: costs of orders that may have been placed where nobody has looked yet; `rivals`: of
    the others that were looked for and not found. What is missing must be the cost of some unseen
    ones, and this order must not be among any orders that make the same sum.
    """
    sets = sets_summing_to(missing, costs=[cost, *unseen, *rivals])
    if sets is None:
        return False
    may_be_unseen = any(max(each, default=0) <= len(unseen) and 0 not in each for each in sets)
    return may_be_unseen and all(0 not in each for each in sets)


def may_be_posts(amount: Decimal, *, rates: Sequence[Decimal]) -> bool:
    """Whether `amount`, of either sign and not 0, may be a few posts at these rates.

    True also where there are too many rates to tell.
    """
    units = sorted({rate for rate in rates if rate > 0})
    if not units or amount == 0:
        return False
    if len(units) > MAX_RATES:
        return True
    posts = range(1, MAX_POSTS + 1)
    return any(
        sum(each, Decimal(0)) == abs(amount)
        for n in posts
        for each in combinations_with_replacement(units, n)
    )


def is_explained(*, missing: Decimal, costs: Sequence[Decimal]) -> bool:
    """Whether some orders of these costs may account for what is missing; too many always may."""
    sets = sets_summing_to(missing, costs=costs)
    return sets is None or bool(sets)
