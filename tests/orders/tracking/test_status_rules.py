"""What one status report means: the pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.upstream import OrderStatus, Status
from orders.models import ReviewKind
from orders.tracking.kept_charges import clamp
from orders.tracking.status_rules import (
    ERRORS_BEFORE_REVIEW,
    YOUNG,
    Act,
    Facts,
    Verdict,
    judge,
)

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
CONFIRM = timedelta(seconds=60)


def facts(
    *,
    upstream_status: str = "In progress",
    remains: int | None = 400,
    is_per_order: bool = False,
    errors: int = 0,
    ending: str = "",
    ending_remains: int | None = None,
    ending_seen_at: datetime | None = None,
    expected_costs: tuple[Decimal, ...] = (Decimal("0.90"),),
    is_charge_mute: bool = False,
) -> Facts:
    return Facts(
        upstream_status=upstream_status,
        start_count=100,
        remains=remains,
        upstream_charge=Decimal("0.90"),
        billed_quantity=1000,
        is_per_order=is_per_order,
        running_at=START,
        errors=errors,
        ending=ending,
        ending_remains=ending_remains,
        ending_seen_at=ending_seen_at,
        expected_costs=expected_costs,
        is_charge_mute=is_charge_mute,
    )


def report(
    status: Status,
    *,
    word: str = "",
    remains: int | None = None,
    charge: str | None = None,
    remains_text: str = "",
) -> OrderStatus:
    return OrderStatus(
        status=status,
        word=word or status.value,
        charge=None if charge is None else Decimal(charge),
        currency="USD",
        start_count=None,
        remains=remains,
        remains_text=remains_text or ("" if remains is None else str(remains)),
    )


def judged(
    known: Facts, said: OrderStatus | None, *, after: timedelta = timedelta(hours=1)
) -> Verdict:
    return judge(facts=known, report=said, observed_at=START + after, confirm_after=CONFIRM)


def test_progress_updates_the_order() -> None:
    verdict = judged(facts(), report(Status.IN_PROGRESS, remains=250))

    assert verdict.act is Act.UPDATE
    assert (verdict.upstream_status, verdict.start_count, verdict.remains) == (
        "In progress",
        100,
        250,
    )


def test_nothing_new_does_nothing() -> None:
    known = facts()
    said = OrderStatus(Status.IN_PROGRESS, "In progress", Decimal("0.90"), "USD", 100, 400, "400")

    assert judged(known, said).act is Act.NOTHING


@pytest.mark.parametrize("earlier", [Status.PENDING, Status.PROCESSING])
def test_running_status_never_goes_down(earlier: Status) -> None:
    assert judged(facts(), report(earlier, remains=300)).upstream_status == "In progress"


def test_completed_ends_at_once_since_it_owes_nothing() -> None:
    verdict = judged(facts(), report(Status.COMPLETED, remains=3))

    assert (verdict.act, verdict.remains) == (Act.COMPLETE, 0)


@pytest.mark.parametrize(
    ("status", "ending", "remains"),
    [(Status.PARTIAL, "partial", 157), (Status.CANCELED, "canceled", 1000)],
)
def test_first_look_at_a_refundable_end_only_remembers_it(
    status: Status, ending: str, remains: int
) -> None:
    verdict = judged(facts(), report(status, remains=remains))

    assert verdict.act is Act.AWAIT_CONFIRMATION
    assert (verdict.ending, verdict.ending_remains) == (ending, remains)
    assert verdict.ending_seen_at == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "ending", "remains", "act"),
    [
        (Status.PARTIAL, "partial", 157, Act.END_PARTIALLY),
        (Status.CANCELED, "canceled", 1000, Act.CANCEL),
    ],
)
def test_second_look_after_the_confirmation_time_ends_it(
    status: Status, ending: str, remains: int, act: Act
) -> None:
    known = facts(ending=ending, ending_remains=remains, ending_seen_at=START)

    assert judged(known, report(status, remains=remains), after=CONFIRM).act is act


def test_second_look_before_the_confirmation_time_waits_on() -> None:
    known = facts(ending="partial", ending_remains=157, ending_seen_at=START)

    verdict = judged(
        known, report(Status.PARTIAL, remains=157), after=CONFIRM - timedelta(seconds=1)
    )

    assert (verdict.act, verdict.ending_seen_at) == (Act.AWAIT_CONFIRMATION, START)


def test_different_remains_begin_the_confirmation_anew() -> None:
    known = facts(ending="partial", ending_remains=157, ending_seen_at=START)

    verdict = judged(known, report(Status.PARTIAL, remains=200))

    assert (verdict.act, verdict.ending_remains) == (Act.AWAIT_CONFIRMATION, 200)
    assert verdict.ending_seen_at == START + timedelta(hours=1)


def test_an_order_that_runs_again_forgets_its_end() -> None:
    known = facts(ending="canceled", ending_remains=1000, ending_seen_at=START)

    assert judged(known, report(Status.IN_PROGRESS, remains=400)).ending == ""


def test_pitfall_13_partial_without_remains_goes_to_staff() -> None:
    verdict = judged(facts(), report(Status.PARTIAL, remains=None))

    assert (verdict.act, verdict.review) == (Act.NOTHING, ReviewKind.NO_REMAINS)


def test_a_partial_end_with_an_unreadable_number_goes_to_staff_with_the_number_as_sent() -> None:
    said = replace(report(Status.PARTIAL), remains_text="1.000")

    verdict = judged(facts(remains=400), said)

    assert (verdict.act, verdict.remains, verdict.review) == (
        Act.NOTHING,
        400,
        ReviewKind.NO_REMAINS,
    )
    assert verdict.review_text == (
        "The provider ended the order partially with '1.000' remaining,"
        " which is not a clear number."
    )


@pytest.mark.parametrize(
    ("sent", "money"), [(-5, 0), (0, 0), (157, 157), (1000, 1000), (10**12, 1000)]
)
def test_pitfall_13_remains_are_clamped(sent: int, money: int) -> None:
    assert judged(facts(), report(Status.PARTIAL, remains=sent)).ending_remains == money


def test_partial_of_a_service_sold_per_order_goes_to_staff() -> None:
    verdict = judged(facts(is_per_order=True), report(Status.PARTIAL, remains=10))

    assert (verdict.act, verdict.review) == (Act.NOTHING, ReviewKind.PER_ORDER_PARTIAL)


@pytest.mark.parametrize(
    "status", [Status.UNKNOWN, Status.FAILED, Status.ACTIVE, Status.PAUSED, Status.EXPIRED]
)
def test_pitfall_19_unknown_word_keeps_the_status_and_is_shown_to_staff(status: Status) -> None:
    verdict = judged(facts(), report(status, word="Vanished"))

    assert (verdict.act, verdict.upstream_status) == (Act.NOTHING, "In progress")
    assert verdict.review is ReviewKind.UNKNOWN_STATUS
    assert "Vanished" in verdict.review_text


def test_pitfall_17_unknown_id_of_a_young_order_needs_no_review() -> None:
    verdict = judged(facts(errors=20), None, after=YOUNG - timedelta(seconds=1))

    assert (verdict.act, verdict.review, verdict.errors) == (Act.NOTHING, None, 21)


def test_pitfall_17_unknown_id_many_times_is_shown_to_staff_and_moves_nothing() -> None:
    before = judged(facts(errors=ERRORS_BEFORE_REVIEW - 2), None)
    at_last = judged(facts(errors=ERRORS_BEFORE_REVIEW - 1), None)

    assert before.review is None
    assert (at_last.act, at_last.review) == (Act.NOTHING, ReviewKind.UNKNOWN_ORDER)


def test_an_unknown_id_keeps_an_end_that_was_seen() -> None:
    known = facts(ending="partial", ending_remains=157, ending_seen_at=START)

    assert judged(known, None).ending == "partial"


statuses = st.sampled_from(list(Status))
remains_values = st.none() | st.integers(-(10**12), 10**12)


@given(
    status=statuses,
    remains=remains_values,
    ending=st.sampled_from(["", "partial", "canceled"]),
    kept=remains_values,
)
def test_no_report_refunds_unless_the_same_end_was_seen_long_enough_ago(
    status: Status, remains: int | None, ending: str, kept: int | None
) -> None:
    known = facts(ending=ending, ending_remains=kept, ending_seen_at=START if ending else None)

    early = judged(known, report(status, remains=remains), after=CONFIRM / 2)
    late = judged(known, report(status, remains=remains), after=CONFIRM)

    assert early.act not in {Act.CANCEL, Act.END_PARTIALLY}
    if late.act in {Act.CANCEL, Act.END_PARTIALLY}:
        assert (late.ending, late.ending_remains) == (ending, kept)
        assert ending == ("canceled" if late.act is Act.CANCEL else "partial")


ENDS = [
    # word, remains, charge of 0.90, → undelivered units of 1,000, or None: staff decide
    pytest.param(Status.CANCELED, None, None, 1000, id="canceled-and-nothing-more"),
    pytest.param(Status.CANCELED, 1000, "0", 1000, id="canceled-with-nothing-kept"),
    pytest.param(Status.CANCELED, 400, "0.000", 1000, id="canceled-charges-nothing-for-a-part"),
    pytest.param(Status.CANCELED, 0, "0", 1000, id="canceled-nothing-remains-nothing-kept"),
    pytest.param(Status.CANCELED, 1700, None, 1000, id="canceled-more-remains-than-was-bought"),
    pytest.param(Status.CANCELED, 400, "0.54", 400, id="canceled-keeps-what-it-delivered"),
    pytest.param(Status.CANCELED, 400, "0.54001", 400, id="canceled-rounds-what-it-keeps"),
    pytest.param(Status.CANCELED, 400, None, 400, id="canceled-tells-only-what-remains"),
    pytest.param(Status.CANCELED, 400, "0.90", None, id="canceled-keeps-all-of-a-part"),
    pytest.param(Status.CANCELED, 400, "0.70", None, id="canceled-keeps-more-than-it-delivered"),
    pytest.param(Status.CANCELED, 400, "0.30", None, id="canceled-keeps-less-than-it-delivered"),
    pytest.param(Status.CANCELED, 1000, "0.90", None, id="canceled-keeps-all-and-delivers-nothing"),
    pytest.param(Status.CANCELED, 1000, "0.1", None, id="canceled-keeps-something-for-nothing"),
    pytest.param(Status.CANCELED, None, "0.90", None, id="canceled-keeps-all-says-nothing-more"),
    pytest.param(Status.CANCELED, None, "0.2", None, id="canceled-keeps-some-says-nothing-more"),
    pytest.param(Status.CANCELED, 0, "0.90", None, id="canceled-keeps-all-nothing-remains"),
    pytest.param(Status.CANCELED, 0, None, None, id="canceled-although-nothing-remains"),
    pytest.param(Status.CANCELED, -5, "0.90", None, id="canceled-below-nothing-remains"),
    pytest.param(Status.PARTIAL, 400, "0.54", 400, id="partial-keeps-what-it-delivered"),
    pytest.param(Status.PARTIAL, 400, None, 400, id="partial-tells-only-what-remains"),
    pytest.param(Status.PARTIAL, 1000, "0", 1000, id="partial-with-nothing-kept"),
    pytest.param(Status.PARTIAL, 0, "0.90", 0, id="partial-and-nothing-remains"),
    pytest.param(Status.PARTIAL, 400, "0.90", None, id="partial-keeps-all"),
    pytest.param(Status.PARTIAL, 0, "0.54", None, id="partial-gives-back-though-nothing-remains"),
    pytest.param(Status.PARTIAL, 400, "0", None, id="partial-keeps-nothing"),
    pytest.param(Status.COMPLETED, 3, "0.90", 0, id="completed-a-few-seem-left"),
    pytest.param(Status.COMPLETED, None, "0.45", 0, id="completed-for-less"),
    pytest.param(Status.COMPLETED, 0, "0", 0, id="completed-for-nothing"),
    pytest.param(Status.COMPLETED, 400, None, 0, id="completed-tells-no-charge"),
    pytest.param(Status.COMPLETED, 400, "0.54", 400, id="completed-gives-back-what-remains"),
    pytest.param(Status.COMPLETED, 400, "0.20", None, id="completed-gives-back-something-else"),
    pytest.param(Status.COMPLETED, 1000, "0", None, id="completed-keeps-and-delivers-nothing"),
]


@pytest.mark.parametrize(("status", "remains", "charge", "units"), ENDS)
def test_an_end_pays_back_what_was_neither_delivered_nor_kept_or_waits_for_staff(
    status: Status, remains: int | None, charge: str | None, units: int | None
) -> None:
    verdict = judged(facts(), report(status, remains=remains, charge=charge))

    if units is None:
        assert (verdict.act, verdict.review) == (Act.NOTHING, ReviewKind.KEPT_CHARGE)
        assert verdict.ending == ""
        return
    is_whole = units == 1000 and status is Status.CANCELED
    ending = "canceled" if is_whole else "partial" if units or status is Status.PARTIAL else ""
    assert (verdict.review, verdict.ending) == (None, ending)
    assert verdict.ending_remains == (units if ending else None)
    assert verdict.act is (Act.AWAIT_CONFIRMATION if ending else Act.COMPLETE)


@pytest.mark.parametrize(
    ("status", "remains", "charge", "units"),
    [
        pytest.param(Status.CANCELED, 1000, "0.90", 1000, id="all-remains"),
        pytest.param(Status.CANCELED, None, "0.90", 1000, id="nothing-more-is-said"),
        pytest.param(Status.CANCELED, 400, "0.90", 400, id="a-part-of-a-canceled-order-remains"),
        pytest.param(Status.PARTIAL, 400, "0.90", 400, id="partial"),
        pytest.param(Status.PARTIAL, 400, "0", 400, id="never-shows-a-charge"),
        pytest.param(Status.CANCELED, 0, "0.90", None, id="nothing-remains"),
        pytest.param(Status.CANCELED, 1000, "0.30", None, id="a-part-is-no-whole-charge"),
        pytest.param(Status.PARTIAL, 400, "0.70", None, id="a-part-of-another-size"),
    ],
)
def test_where_charges_say_nothing_what_remains_decides(
    status: Status, remains: int | None, charge: str, units: int | None
) -> None:
    known = facts(is_charge_mute=True)

    verdict = judged(known, report(status, remains=remains, charge=charge))

    assert verdict.ending_remains == units
    assert (verdict.review is ReviewKind.KEPT_CHARGE) == (units is None)


def test_a_rate_that_changed_before_the_order_was_sent_is_no_contradiction() -> None:
    known = facts(expected_costs=(Decimal("0.90"), Decimal("1.00")))

    assert judged(known, report(Status.PARTIAL, remains=400, charge="0.60")).ending_remains == 400
    assert judged(known, report(Status.PARTIAL, remains=400, charge="0.54")).ending_remains == 400


def test_remains_that_nobody_can_read_are_not_taken_for_none() -> None:
    verdict = judged(facts(), report(Status.CANCELED, remains_text="1.000"))

    assert (verdict.act, verdict.review) == (Act.NOTHING, ReviewKind.KEPT_CHARGE)


def test_staff_read_what_was_charged_and_what_was_to_be_expected() -> None:
    text = judged(facts(), report(Status.CANCELED, remains=400, charge="0.90")).review_text

    assert text == (
        "The provider reports 'canceled' with remains 400 of 1,000 and a charge of USD 0.90. "
        "The whole order should cost USD 0.9, the 600 delivered units USD 0.54. "
        "Nothing is refunded before you decide."
    )


@given(remains=st.integers(), quantity=st.integers(1, 10**9))
def test_clamped_remains_stay_within_what_was_bought(remains: int, quantity: int) -> None:
    assert 0 <= clamp(remains, quantity) <= quantity
