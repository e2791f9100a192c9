"""Which unclear order an order found at a provider is: tables of cases, and properties."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.upstream import Status
from orders.unclear.id_range import IdRange
from orders.unclear.match import Matching, Stray, Suspect, fits, match

EVERYWHERE = IdRange(0, None)


def suspect(
    number: int, cost: str = "1", *, id_range: IdRange = EVERYWHERE, quantity: int = 1000
) -> Suspect:
    return Suspect(
        attempt_id=number, cost=Decimal(cost), billed_quantity=quantity, id_range=id_range
    )


def stray(
    number: int,
    charge: str | None = "1",
    *,
    status: Status = Status.PENDING,
    remains: int | None = None,
) -> Stray:
    return Stray(
        upstream_id=number,
        status=status,
        charge=None if charge is None else Decimal(charge),
        remains=remains,
    )


@pytest.mark.parametrize(
    ("found", "is_candidate"),
    [
        (stray(10), True),
        (stray(10, "1.00000"), True),
        (stray(10, "1.00001"), False),
        (stray(10, "0.99999"), False),
        (stray(10, None), True),  # not returned: it may be
        (stray(10, "0"), True),
        (stray(10, "0", status=Status.CANCELED), True),
        (stray(10, "7", status=Status.UNKNOWN), True),
        (stray(10, status=Status.COMPLETED, remains=0), True),
        (stray(10, remains=1000), True),
        (stray(10, remains=1001), False),  # more remains than was ordered
        (stray(10, "0.75", status=Status.PARTIAL, remains=250), True),
        (stray(10, "0.74999", status=Status.PARTIAL, remains=250), True),  # rounded
        (stray(10, "0.74", status=Status.PARTIAL, remains=250), False),
        (stray(10, "0.5", status=Status.PARTIAL), True),  # how much remains is not said
        (stray(10, "1.5", status=Status.PARTIAL), False),
        (stray(1), False),  # outside the id range
        (stray(20), False),
    ],
)
def test_order_found_fits_by_what_it_was_charged_and_where_it_lies(
    found: Stray, is_candidate: bool
) -> None:
    assert fits(found, suspect(1, id_range=IdRange(1, 20))) == is_candidate


def test_only_pair_is_certain() -> None:
    assert match(suspects=[suspect(1, "1"), suspect(2, "2")], strays=[stray(10, "2")]) == Matching(
        placed={2: 10}, candidates={1: frozenset(), 2: frozenset({10})}, strangers=frozenset()
    )


def test_elimination_goes_on_until_nothing_is_left() -> None:
    canceled = stray(11, "0", status=Status.CANCELED)

    found = match(suspects=[suspect(1, "1"), suspect(2, "2")], strays=[stray(10, "1"), canceled])

    assert found.placed == {1: 10, 2: 11}


@pytest.mark.parametrize(
    "strays",
    [
        [stray(10), stray(11)],  # two orders for one: somebody else ordered on our key
        [stray(10), stray(11, "0", status=Status.CANCELED), stray(12)],
    ],
)
def test_more_orders_than_can_be_ours_prove_nothing(strays: list[Stray]) -> None:
    found = match(suspects=[suspect(1), suspect(2, "2")], strays=strays)

    assert found.placed == {}
    assert found.candidates[1] >= {10}


def test_contradiction_concerns_only_its_own_orders() -> None:
    found = match(
        suspects=[suspect(1), suspect(2, "2")], strays=[stray(10), stray(11), stray(12, "2")]
    )

    assert found.placed == {2: 12}


def test_two_orders_that_cannot_be_told_apart_prove_nothing() -> None:
    found = match(suspects=[suspect(1), suspect(2)], strays=[stray(10), stray(11)])

    assert found.placed == {}


def test_id_ranges_tell_apart_what_charges_do_not() -> None:
    early, late = suspect(1, id_range=IdRange(0, 10)), suspect(2, id_range=IdRange(10, 20))

    assert match(suspects=[early, late], strays=[stray(5), stray(15)]).placed == {1: 5, 2: 15}


def test_order_that_nobody_may_be_is_a_stranger() -> None:
    assert match(suspects=[suspect(1)], strays=[stray(10, "3")]).strangers == {10}


COSTS = st.sampled_from([Decimal(text) for text in ("1", "1", "2", "2.5", "3")])
SUSPECTS = st.lists(st.tuples(COSTS, st.integers(0, 8), st.integers(1, 9)), max_size=5)


@st.composite
def _lost(draw: st.DrawFn) -> tuple[list[Suspect], dict[int, int], list[Stray]]:
    """Unclear orders, which of them were really placed as what, and what is seen of those at
    the provider.
    """
    suspects = [
        suspect(number, str(cost), id_range=IdRange(low * 10, (low + width) * 10))
        for number, (cost, low, width) in enumerate(draw(SUSPECTS), start=1)
    ]
    truth: dict[int, int] = {}
    strays = []
    for each in (
        draw(st.lists(st.sampled_from(suspects), unique_by=lambda one: one.attempt_id))
        if suspects
        else []
    ):
        inside = [number for number in each.id_range.ids() if number not in truth.values()]
        truth[each.attempt_id] = draw(st.sampled_from(inside))
        status = draw(
            st.sampled_from([Status.PENDING, Status.COMPLETED, Status.CANCELED, Status.PARTIAL])
        )
        remains = draw(st.integers(1, 999)) if status is Status.PARTIAL else 0
        kept = {
            Status.CANCELED: Decimal(0),
            Status.PARTIAL: each.cost * (1000 - remains) / 1000,
        }.get(status, each.cost)
        strays.append(stray(truth[each.attempt_id], str(kept), status=status, remains=remains))
    return suspects, truth, draw(st.permutations(strays)) if strays else []


@given(_lost())
def test_no_pair_that_is_certain_is_ever_wrong(
    lost: tuple[list[Suspect], dict[int, int], list[Stray]],
) -> None:
    suspects, truth, strays = lost

    found = match(suspects=suspects, strays=strays)

    assert found.placed.items() <= truth.items()
    # none counts as not placed
    assert all(number in found.candidates[attempt] for attempt, number in truth.items())
    assert not found.strangers


@given(_lost())
def test_every_pair_without_an_alternative_is_certain(
    lost: tuple[list[Suspect], dict[int, int], list[Stray]],
) -> None:
    suspects, _, strays = lost
    possible = [
        dict(
            zip(
                (each.attempt_id for each in chosen),
                (one.upstream_id for one in strays),
                strict=True,
            )
        )
        for chosen in permutations(suspects, len(strays))
        if all(fits(one, each) for one, each in zip(strays, chosen, strict=True))
    ]
    certain = set.intersection(*(set(each.items()) for each in possible)) if strays else set()

    assert set(match(suspects=suspects, strays=strays).placed.items()) == certain


def subscription(number: int) -> Suspect:
    return Suspect(
        attempt_id=number,
        cost=Decimal(0),
        billed_quantity=1,
        id_range=EVERYWHERE,
        is_subscription=True,
    )


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED, Status.EXPIRED])
@pytest.mark.parametrize("charge", ["0", "1", None])
def test_what_is_served_over_time_is_never_an_order_that_was_charged_at_once(
    status: Status, charge: str
) -> None:
    found = match(suspects=[suspect(1)], strays=[stray(10, charge, status=status)])

    assert not found.placed
    assert found.strangers == {10}


@pytest.mark.parametrize(
    "found",
    [
        stray(10, "0", status=Status.ACTIVE),
        stray(10, "0", status=Status.CANCELED),
        stray(10, "3"),
        stray(10, "0"),
    ],
    ids=str,
)
def test_a_lost_subscription_is_found_by_people_alone(found: Stray) -> None:
    matching = match(suspects=[subscription(1)], strays=[found])

    assert not matching.placed
    assert matching.candidates == {1: {10}}


@pytest.mark.parametrize("charge", ["0", "1"])
def test_what_may_be_a_lost_subscription_says_nothing_about_another_order(charge: str) -> None:
    matching = match(suspects=[suspect(1), subscription(2)], strays=[stray(10, charge)])

    assert not matching.placed
    assert matching.candidates == {1: {10}, 2: {10}}


def test_a_drip_feed_that_is_active_is_found_by_its_charge() -> None:
    dripping = Suspect(
        attempt_id=1, cost=Decimal(1), billed_quantity=500, id_range=EVERYWHERE, is_dripfeed=True
    )

    active, other = stray(10, "1", status=Status.ACTIVE), stray(10, "0", status=Status.ACTIVE)

    assert match(suspects=[dripping], strays=[active]).placed == {1: 10}
    assert match(suspects=[dripping], strays=[other]).placed == {}
