"""Which attempts may be open at one time so that what the provider charges tells them apart. Pure arithmetic."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

MOST_OPEN = 6  # open attempts at a provider: 64 subset sums, and seldom enough that a lane waits


def keeps_distinct(*, open_costs: Sequence[Decimal], cost: Decimal) -> bool:
    """Whether every subset of `open_costs` and `cost` has a sum of its own, so that a later charge names its orders.

    Never where MOST_OPEN are open already. What costs nothing leaves no trace in any sum and is left out.
    """
    if len(open_costs) >= MOST_OPEN:
        return False
    costs = [each for each in [*open_costs, cost] if each > 0]
    sums = [sum(subset, Decimal(0)) for size in range(len(costs) + 1) for subset in combinations(costs, size)]
    return len(set(sums)) == len(sums)
