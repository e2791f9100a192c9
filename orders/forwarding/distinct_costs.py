"""Choose attempts whose total costs are distinct, so a charge identifies its order.

Pure arithmetic.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal

MAX_OPEN = 6  # open attempts at a provider: 64 subset sums, and orders seldom wait for more


def distinct_sums(costs: Sequence[Decimal]) -> frozenset[Decimal] | None:
    """The sums of all subsets of `costs`; None where two are equal or MAX_OPEN are open.

    A cost of zero changes no sum and is left out.
    """
    if len(costs) >= MAX_OPEN:
        return None
    sums = frozenset([Decimal(0)])
    for cost in costs:
        if not keeps_distinct(sums=sums, cost=cost):
            return None
        sums |= {each + cost for each in sums}
    return sums


def keeps_distinct(*, sums: AbstractSet[Decimal], cost: Decimal) -> bool:
    """Whether every subset still has a sum of its own with one more order of this cost."""
    return cost <= 0 or sums.isdisjoint(each + cost for each in sums)
