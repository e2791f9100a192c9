"""What the balance of an account says about orders that may have been charged."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.unclear.account_balance import AccountBalance, is_conserved, is_explained, may_be_posts


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_missing_is_what_was_paid_in_and_is_neither_left_nor_charged() -> None:
    account_balance = AccountBalance(
        baseline=Decimal(100),
        top_ups=Decimal(20),
        balance=Decimal("90.00001"),
        known=Decimal(25),
        orphans=Decimal(4),
    )

    assert account_balance.missing == Decimal("0.99999")


@pytest.mark.parametrize(
    ("missing", "unseen", "rivals", "is_certain"),
    [
        ("0", [], [], True),
        ("0", ["2"], ["3"], True),
        ("1", [], [], False),  # exactly this order
        ("2", ["2"], [], True),  # one that nobody has looked for yet
        # one that was looked for and not found: then the provider hides orders
        ("2", [], ["2"], False),
        ("1", ["1"], [], False),  # it may be the other one, or this one
        ("3", ["3", "2"], [], False),  # this one and the 2 make 3 as well
        ("0.5", ["2"], [], False),
        ("-1", ["2"], [], False),
        ("0", ["2"] * 20, [], True),  # too many to compare, but nothing is missing
        ("2", ["2"] * 20, [], False),
    ],
)
def test_order_of_1_was_not_charged(
    missing: str, unseen: list[str], rivals: list[str], is_certain: bool
) -> None:
    certain = is_conserved(
        missing=Decimal(missing), cost=Decimal(1), unseen=amounts(*unseen), rivals=amounts(*rivals)
    )

    assert certain == is_certain


def test_order_that_costs_nothing_leaves_no_trace() -> None:
    assert not is_conserved(missing=Decimal(0), cost=Decimal(0), unseen=[], rivals=[])


@pytest.mark.parametrize(
    ("missing", "costs", "is_so"),
    [("0", [], True), ("3", ["1", "2"], True), ("4", ["1", "2"], False), ("-1", ["1"], False)],
)
def test_missing_money_is_explained_by_unclear_orders(
    missing: str, costs: list[str], is_so: bool
) -> None:
    assert is_explained(missing=Decimal(missing), costs=amounts(*costs)) == is_so


COSTS = st.lists(st.sampled_from(amounts("1", "2", "2", "3", "5")), max_size=5)


@given(cost=st.sampled_from(amounts("1", "2", "3")), unseen=COSTS, rivals=COSTS, data=st.data())
def test_order_that_was_charged_is_never_said_not_to_be(
    cost: Decimal, unseen: list[Decimal], rivals: list[Decimal], data: st.DataObject
) -> None:
    others = [*unseen, *rivals]
    positions = data.draw(
        st.sets(st.sampled_from(range(len(others)))) if others else st.just(set[int]())
    )
    missing = cost + sum((others[each] for each in positions), Decimal(0))

    assert not is_conserved(missing=missing, cost=cost, unseen=unseen, rivals=rivals)


@pytest.mark.parametrize(
    ("amount", "rates", "may_be"),
    [
        ("0", ["0.5"], False),
        ("0.5", [], False),
        ("0.5", ["0.5"], True),
        ("-1.5", ["0.5"], True),  # charged before it was taken from the balance
        ("0.6", ["0.5"], False),
        ("1.7", ["0.5", "0.7"], True),
        ("3", ["0.5"], False),  # six posts while an account is read are no explanation any more
        ("0.123", [f"0.{number}" for number in range(1, 10)], True),  # too many rates to tell
    ],
)
def test_a_few_posts_explain_what_is_missing(amount: str, rates: list[str], may_be: bool) -> None:
    assert may_be_posts(Decimal(amount), rates=amounts(*rates)) is may_be
