"""What one status report means: the pure rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.upstream import OrderStatus, Status
from orders.models import ReviewKind
from orders.tracking.status_rules import (
    ERRORS_BEFORE_REVIEW,
    YOUNG,
    Act,
    Facts,
    Verdict,
    clamp,
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
    )


def report(status: Status, *, word: str = "", remains: int | None = None) -> OrderStatus:
    return OrderStatus(
        status=status,
        word=word or status.value,
        charge=Decimal("0.50"),
        currency="USD",
        start_count=None,
        remains=remains,
        remains_text="" if remains is None else str(remains),
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
    verdict = judged(facts(), report(status, remains=157))

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

    assert judged(known, report(status, remains=157), after=CONFIRM).act is act


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
        assert ending == status.value


@given(remains=st.integers(), quantity=st.integers(1, 10**9))
def test_clamped_remains_stay_within_what_was_bought(remains: int, quantity: int) -> None:
    assert 0 <= clamp(remains, quantity) <= quantity
