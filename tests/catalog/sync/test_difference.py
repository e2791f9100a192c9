"""The pure comparison: what is new, changed, gone, back, and what a person should see first."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from msgspec import structs

from catalog.sync.difference import (
    Difference,
    Move,
    New,
    Offer,
    Reading,
    difference,
    offer_of,
    read,
    rejection,
)
from catalog.upstream import CatalogReply, RowProblem, ServiceRow

OFFER = Offer(
    upstream_id="1",
    name="Followers",
    category="Network",
    type="Default",
    rate=Decimal("0.9"),
    min=50,
    max=10_000,
    is_refill=True,
    is_cancel=True,
    is_dripfeed=False,
    description="",
    average_time="",
    digest=b"1",
)
ROW = ServiceRow(
    service_id="1",
    name="Followers",
    type="Default",
    category="Network",
    rate=Decimal("0.90"),
    min=50,
    max=10_000,
    is_refillable=True,
    is_cancelable=True,
    is_dripfeed=False,
    description="",
    average_time="",
    digest=b"1",
)
NOTHING = Difference(new=(), changed=(), gone=(), back=(), unreadable=())


def reading(
    *offers: Offer, unchanged: tuple[str, ...] = (), unreadable: tuple[str, ...] = ()
) -> Reading:
    named = frozenset({offer.upstream_id for offer in offers} | set(unchanged) | set(unreadable))
    problems = tuple((upstream_id, "the rate is not a price") for upstream_id in unreadable)
    count = len(named)
    return Reading(
        count=count,
        offers=offers,
        unchanged=unchanged,
        problems=problems,
        duplicates=(),
        named=named,
    )


compare = partial(difference, exchange_rate=Decimal(1))


def changed(**moves: object) -> tuple[tuple[Move, ...], str]:
    """The moves and the reason to review when these fields of OFFER change."""
    found = compare(reading=reading(replace(OFFER, **moves)), listed={"1"}, ours={"1": OFFER})  # type: ignore[arg-type]  # kwargs of a dataclass
    return found.changed[0].moves, found.changed[0].review_reason


def test_new_gone_and_back_are_told_apart() -> None:
    new = replace(OFFER, upstream_id="2")
    back = replace(OFFER, upstream_id="3", rate=Decimal(1))

    found = compare(
        reading=reading(new, back, unchanged=("4", "5")),
        listed={"4", "6"},
        ours={"3": replace(OFFER, upstream_id="3")},
    )

    assert found.new == (New(new, review_reason=""),)
    assert found.gone == ("6",)
    assert found.back == ("3", "5")
    assert [row.offer for row in found.changed] == [back]


def test_a_row_that_cannot_be_read_is_neither_gone_nor_changed() -> None:
    found = compare(
        reading=reading(unchanged=("1",), unreadable=("2",)), listed={"1", "2"}, ours={}
    )

    assert found == replace(NOTHING, unreadable=("2",))


def test_a_withdrawn_service_whose_row_cannot_be_read_does_not_come_back() -> None:
    found = compare(reading=reading(unreadable=("2",)), listed=set(), ours={})

    assert found == NOTHING


@pytest.mark.parametrize(
    ("field", "value", "move"),
    [
        ("rate", Decimal("0.95"), Move("rate", "0.9", "0.95")),
        ("min", 100, Move("min", "50", "100")),
        ("is_refill", False, Move("is_refill", "yes", "no")),
        ("name", "Likes", Move("name", "Followers", "Likes")),
        ("category", "Elsewhere", Move("category", "Network", "Elsewhere")),
    ],
)
def test_an_ordinary_change_is_told_and_needs_no_review(
    field: str, value: object, move: Move
) -> None:
    assert changed(**{field: value}) == ((move,), "")


def test_the_average_time_moves_without_being_a_change() -> None:
    assert changed(average_time="3 hours") == ((), "")


@pytest.mark.parametrize("rate", ["2.8", "0.3", "2.7"])
def test_a_rate_within_three_times_needs_no_review(rate: str) -> None:
    before = Decimal("0.9") if rate != "2.8" else Decimal("0.94")
    found = compare(
        reading=reading(replace(OFFER, rate=Decimal(rate))),
        listed={"1"},
        ours={"1": replace(OFFER, rate=before)},
    )

    assert found.changed[0].review_reason == ""


@pytest.mark.parametrize(("rate", "shown"), [("2.71", "2.71"), ("0.29", "0.29"), ("90", "90")])
def test_a_rate_that_leaps_waits_for_review(rate: str, shown: str) -> None:
    _, reason = changed(rate=Decimal(rate))

    assert reason == f"The rate changed from 0.9 to {shown}, by more than 3 times"


@pytest.mark.parametrize(
    ("rate", "exchange_rate", "is_held"),
    [
        ("0", "1", True),
        ("0.00000999", "1", True),
        ("0.00001", "1", False),
        ("0.0009", "0.01", True),  # in a currency of little worth
        ("0.001", "0.01", False),
    ],
    ids=str,
)
def test_a_rate_that_is_nothing_waits_for_a_price(
    rate: str, exchange_rate: str, is_held: bool
) -> None:
    offer = replace(OFFER, rate=Decimal(rate))
    reply = reading(offer, replace(offer, upstream_id="2"))
    cheap = replace(OFFER, rate=Decimal("0.0012"))

    found = difference(
        reading=reply, listed={"1"}, ours={"1": cheap}, exchange_rate=Decimal(exchange_rate)
    )

    reason = f"No price: the provider lists it at a rate of {rate}"
    assert [row.review_reason == reason for row in found.rows] == [is_held] * 2
    assert (reason in found.held.values()) is is_held


def test_a_service_that_had_no_price_before_is_not_held_for_it_again() -> None:
    free = replace(OFFER, rate=Decimal(0))

    found = compare(reading=reading(replace(free, max=5)), listed={"1"}, ours={"1": free})

    assert found.held == {}


def test_another_type_waits_for_review() -> None:
    _, reason = changed(type="Package")

    assert (
        reason
        == "The type changed from Default to Package: perhaps another service with a reused ID"
    )


def test_another_name_in_another_category_waits_for_review() -> None:
    _, reason = changed(name="Likes", category="Elsewhere")

    assert reason == "Name and category both changed: perhaps another service with a reused ID"


def test_a_category_that_the_admin_chose_is_not_compared() -> None:
    moved = replace(OFFER, category="")

    found = compare(reading=reading(replace(OFFER, name="Likes")), listed={"1"}, ours={"1": moved})

    assert found.changed[0].moves == (Move("name", "Followers", "Likes"),)
    assert found.changed[0].review_reason == ""


@pytest.mark.parametrize(
    ("gone", "unreadable", "listed", "is_refused"),
    [
        (0, 0, 0, False),
        (1, 0, 1, False),  # one may always go
        (1, 0, 2, False),
        (2, 0, 6, True),
        (2, 0, 7, False),  # 28.6 %
        (3, 0, 10, False),  # exactly 30 %
        (4, 0, 10, True),
        (0, 4, 10, True),
        (2, 2, 10, True),
        (3001, 0, 10_000, True),
        (3000, 0, 10_000, False),
    ],
)
def test_a_list_that_lacks_more_than_30_percent_is_refused(
    gone: int, unreadable: int, listed: int, is_refused: bool
) -> None:
    found = replace(
        NOTHING,
        gone=tuple(map(str, range(gone))),
        unreadable=tuple(f"u{number}" for number in range(unreadable)),
    )

    assert bool(rejection(found=found, count=5, listed=listed)) == is_refused


@pytest.mark.parametrize("listed", [0, 1, 100])
def test_an_empty_list_is_always_refused(listed: int) -> None:
    assert rejection(found=NOTHING, count=0, listed=listed) == (
        f"The provider's list is empty, but we list {listed} of its services."
    )


def test_names_are_decoded_even_where_escaped_twice_and_freed_of_controls() -> None:
    row = structs.replace(
        ROW,
        name="Likes &amp;amp; Views\u202e \x1b[31m\n&lt;script&gt;",
        category="",
        description="line 1\r\nline &eacute;\x00<br/>line 3",
        type="CUSTOM_COMMENTS",
    )

    offer = offer_of(row)

    assert offer.name == "Likes & Views [31m <script>"  # text: every page escapes it
    assert offer.category == "Other"
    assert offer.description == "line 1\nline é\nline 3"
    assert offer.type == "Custom Comments"


def test_emoji_survive_cleaning() -> None:
    family = "👨\u200d👩\u200d👧 Likes ⭐️"
    row = structs.replace(ROW, name=family)

    assert offer_of(row).name == family


def test_a_rate_beyond_all_bounds_is_a_problem_not_an_offer() -> None:
    dear = structs.replace(ROW, rate=Decimal(10) ** 9, service_id="9")
    reply = CatalogReply(
        rows=(ROW, dear),
        unchanged=(),
        problems=(RowProblem(3, "7", "no name"),),
        duplicates=("1",),
        count=4,
    )

    found = read(reply, exchange_rate=Decimal(1))

    assert [offer.upstream_id for offer in found.offers] == ["1"]
    assert found.problems == (("7", "no name"), ("9", "the rate is too high"))
    assert found.named == {"1", "7", "9"}


def test_a_rate_with_more_decimals_than_we_keep_is_rounded_up() -> None:
    row = structs.replace(ROW, rate=Decimal("0.123456781"))

    assert offer_of(row).rate == Decimal("0.12345679")
