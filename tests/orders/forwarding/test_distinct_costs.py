"""Open attempts at a provider keep sums that tell them apart; and how long a postponed order
waits.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.forwarding.distinct_costs import MAX_OPEN, distinct_sums, keeps_distinct
from orders.forwarding.record_outcome import back_off

COSTS = st.lists(st.decimals(min_value=0, max_value=1000, places=5), max_size=8)


def may_be_open_with(open_costs: list[Decimal], cost: Decimal) -> bool:
    sums = distinct_sums(open_costs)
    return sums is not None and keeps_distinct(sums=sums, cost=cost)


@pytest.mark.parametrize(
    ("open_costs", "cost", "is_distinct"),
    [
        ([], "1", True),
        (["1"], "1", False),
        (["1"], "2", True),
        (["1", "2"], "3", False),  # 1 + 2 could be either
        (["1", "2"], "4", True),
        (["1", "2.00001"], "3", True),
        (["1"], "0", True),  # what costs nothing leaves no trace
        (["0", "0"], "1", True),
        (["1", "2", "4", "8", "16", "32"], "64", False),  # six are open
    ],
)
def test_costs_whose_sums_meet_are_not_open_together(
    open_costs: list[str], cost: str, is_distinct: bool
) -> None:
    assert may_be_open_with([Decimal(each) for each in open_costs], Decimal(cost)) == is_distinct


@given(COSTS)
def test_charge_of_any_admitted_set_names_its_orders(costs: list[Decimal]) -> None:
    admitted: list[Decimal] = []
    for cost in costs:
        if may_be_open_with(admitted, cost):
            admitted.append(cost)

    paid = [cost for cost in admitted if cost]
    sums = [
        sum(subset, Decimal(0))
        for size in range(len(paid) + 1)
        for subset in combinations(paid, size)
    ]
    assert len(sums) == len(set(sums))
    assert len(admitted) <= MAX_OPEN


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (1000, 600)]
)
def test_back_off_doubles_to_ten_minutes_and_is_spread(failures: int, longest: int) -> None:
    waits = {back_off(failures=failures) for _ in range(50)}

    assert timedelta(seconds=longest / 2) <= min(waits)
    assert max(waits) <= timedelta(seconds=longest)
    assert len(waits) > 40


@pytest.mark.parametrize(("asked", "least"), [(None, 2), (0.0, 2), (120.0, 120), (1e9, 3600)])
def test_back_off_is_never_shorter_than_the_provider_asks(asked: float | None, least: int) -> None:
    wait = back_off(failures=1, retry_after=asked)

    assert timedelta(seconds=least) <= wait <= timedelta(seconds=max(least, 5))
