"""Where a lost order must lie, whether ids grow, and which ids are asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.unclear.id_range import IdRange, KnownOrder, are_rising, choose_ids, id_range
from tests.factories import NOW

QUIET = timedelta(seconds=180)


def known_order(number: int, sent: float, placed_by: float | None = None) -> KnownOrder:
    """An order sent so many seconds after NOW."""
    ended = sent + 1 if placed_by is None else placed_by
    return KnownOrder(number, NOW + timedelta(seconds=sent), NOW + timedelta(seconds=ended))


@pytest.mark.parametrize(
    ("known_orders", "lower", "upper"),
    [
        ([], None, None),
        ([known_order(10, -5)], 10, None),
        ([known_order(10, -5), known_order(11, -3)], 11, None),
        # its answer came when the lost one was on its way
        ([known_order(10, -5), known_order(11, -1, 0)], 10, None),
        # sent while the lost one could still be placed
        ([known_order(10, -5), known_order(20, 180)], 10, None),
        ([known_order(10, -5), known_order(20, 180.001)], 10, 20),
        ([known_order(10, -5), known_order(30, 300), known_order(20, 200)], 10, 20),
        ([known_order(20, 200)], None, 20),
    ],
)
def test_lost_order_lies_between_the_orders_around_it(
    known_orders: list[KnownOrder], lower: int | None, upper: int | None
) -> None:
    assert id_range(sent_at=NOW, known_orders=known_orders, quiet=QUIET) == IdRange(lower, upper)


@given(
    sends=st.lists(st.tuples(st.floats(0, 1000), st.floats(0.001, 170)), min_size=2, max_size=30),
    lost=st.integers(0, 29),
)
def test_lost_order_is_inside_its_id_range_however_orders_overlap(
    sends: list[tuple[float, float]], lost: int
) -> None:
    """Each order is placed some time after it was sent; the provider numbers them as they are
    placed.
    """
    by_placing = sorted(sends, key=lambda send: send[0] + send[1])
    numbered = [
        known_order(10 * place, sent, sent + took)
        for place, (sent, took) in enumerate(by_placing, start=1)
    ]
    missing = numbered.pop(lost % len(numbered))

    found = id_range(sent_at=missing.sent_at, known_orders=numbered, quiet=QUIET)

    assert found.holds(missing.upstream_id)
    assert are_rising(numbered, least=0) is True


@pytest.mark.parametrize(
    ("known_orders", "are_so"),
    [
        ([], None),
        ([known_order(1, 0), known_order(2, 10)], None),  # one follower is too few
        ([known_order(1, 0), known_order(2, 10), known_order(3, 20)], True),
        ([known_order(1, 0), known_order(2, 0.5), known_order(3, 0.7)], None),  # they overlap
        ([known_order(1, 0), known_order(3, 10), known_order(2, 20)], False),
        ([known_order(3, 10), known_order(4, 20), known_order(9, 0)], False),
        ([known_order(1, 0), known_order(1, 10), known_order(2, 20)], False),  # the same twice
    ],
)
def test_ids_grow_where_each_later_order_has_the_higher_one(
    known_orders: list[KnownOrder], are_so: bool | None
) -> None:
    assert are_rising(known_orders, least=2) is are_so


def test_ids_that_are_known_are_not_asked_for() -> None:
    id_ranges = {1: IdRange(10, 15), 2: IdRange(13, 18)}

    assert choose_ids(id_ranges=id_ranges, known={12, 16}, most=100) == (
        [11, 13, 14, 15, 17],
        {1, 2},
    )


def test_id_range_is_read_whole_or_not_at_all() -> None:
    id_ranges = {
        1: IdRange(0, 6),
        2: IdRange(10, 20),
        3: IdRange(30, 33),
        4: IdRange(40, None),
        5: IdRange(9, 3),
    }

    assert choose_ids(id_ranges=id_ranges, known=set(), most=7) == ([1, 2, 3, 4, 5, 31, 32], {1, 3})


def test_id_range_beyond_all_bounds_costs_no_time() -> None:
    assert choose_ids(id_ranges={1: IdRange(0, 10**15)}, known=set(), most=2000) == ([], set())


def test_empty_id_range_is_read_without_a_question() -> None:
    assert choose_ids(id_ranges={1: IdRange(7, 8)}, known=set(), most=2000) == ([], {1})
