"""Which attempts may be open at one time so that what the provider charges tells them apart.

Pure arithmetic.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal

MAX_OPEN = 6  # open attempts at a provider: 64 subset sums, and seldom enough that a lane waits


def distinct_sums(costs: Sequence[Decimal]) -> frozenset[Decimal] | None:
    """The sums of all subsets of `costs`; None where two are the same, or as many as MOST_OPEN are
    open already.

    What costs nothing leaves no trace in any sum and is left out.
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
    """Whether with one more of this cost every subset still has a sum of its own: a later
    charge names its orders.
    """
    return cost <= 0 or sums.isdisjoint(each + cost for each in sums)
