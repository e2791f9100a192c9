"""What one report says of a subscription, and of a drip-feed: the pure rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.upstream import OrderStatus, Status
from orders.models import ReviewKind
from orders.tracking import subscription_rules
from orders.tracking.status_rules import Act, Facts, Verdict, judge
from orders.tracking.subscription_rules import Served, count

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
CONFIRM = timedelta(seconds=60)
LAST_RUN = START + timedelta(hours=10)


def facts(
    *, ending: str = "", ending_remains: int | None = None, last_run_at: datetime | None = None
) -> Facts:
    return Facts(
        upstream_status="In progress",
        start_count=None,
        remains=None,
        upstream_charge=Decimal(2),
        billed_quantity=500,
        is_per_order=False,
        running_at=START,
        errors=0,
        ending=ending,
        ending_remains=ending_remains,
        ending_seen_at=START if ending else None,
        last_run_at=last_run_at,
        expected_costs=(Decimal(2),),
    )


def report(status: Status, *, remains: int | None = None, charge: str | None = "2") -> OrderStatus:
    return OrderStatus(
        status=status,
        word=status.value,
        charge=None if charge is None else Decimal(charge),
        currency="USD",
        start_count=None,
        remains=remains,
        remains_text="",
    )


def of_subscription(said: OrderStatus | None, *, known: Facts | None = None) -> Verdict:
    moment = START + timedelta(hours=1)
    return subscription_rules.judge(
        facts=known or facts(), report=said, observed_at=moment, confirm_after=CONFIRM
    )


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED, Status.IN_PROGRESS])
def test_active_and_paused_run_in_words_that_the_api_knows(status: Status) -> None:
    verdict = of_subscription(report(status))

    assert (verdict.act, verdict.upstream_status, verdict.review) == (
        Act.NOTHING,
        "In progress",
        None,
    )


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.EXPIRED])
def test_completed_and_expired_end_it(status: Status) -> None:
    assert of_subscription(report(status)).act is Act.COMPLETE


def test_canceled_is_believed_when_it_was_seen_twice() -> None:
    first = of_subscription(report(Status.CANCELED))
    second = of_subscription(
        report(Status.CANCELED), known=facts(ending="canceled", ending_remains=0)
    )

    assert (first.act, second.act) == (Act.AWAIT_CONFIRMATION, Act.CANCEL)


@pytest.mark.parametrize("status", [Status.PARTIAL, Status.FAILED, Status.UNKNOWN])
def test_any_other_end_of_a_subscription_is_staff_s(status: Status) -> None:
    verdict = of_subscription(report(status))

    assert (verdict.act, verdict.review) == (Act.NOTHING, ReviewKind.UNKNOWN_STATUS)


def posts(
    charge: str | None,
    *,
    counted: str = "1.00",
    rate: str = "0.50",
    now: str = "0.50",
    most: int | None = None,
) -> Served:
    return count(
        charge=None if charge is None else Decimal(charge),
        counted=Decimal(counted),
        rate=Decimal(rate),
        rate_now=Decimal(now),
        most=most,
    )


@pytest.mark.parametrize(
    ("charge", "number"),
    [(None, 0), ("1", 0), ("1.00000", 0), ("1.5", 1), ("2.50", 3), ("51", 100)],
)
def test_posts_are_the_whole_rates_that_a_charge_grew_by(charge: str | None, number: int) -> None:
    assert posts(charge) == Served(posts=number)


def test_a_rate_finer_than_money_is_billed_rounded_up() -> None:
    assert posts("0.00002", counted="0", rate="0.000011", now="0.000011") == Served(posts=1)


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (posts("1.75"), "not a whole number"),
        (posts("0.50"), "has fallen"),
        (posts("51.5"), "too many"),
        (posts("2.5", most=2), "too many"),
        (posts("2", now="1.00"), "from 0.50 to 1.00"),
        (posts("2", rate="0", now="0"), "not a whole number"),
    ],
)
def test_whatever_else_a_charge_is_counts_nothing_and_says_why(served: Served, words: str) -> None:
    assert served.posts == 0
    assert words in served.problem


@given(
    st.lists(st.integers(0, 20), max_size=8),
    st.decimals("0.00001", "99", places=5, allow_nan=False, allow_infinity=False),
)
def test_however_the_looks_fall_every_post_is_counted_once(steps: list[int], rate: Decimal) -> None:
    counted, seen = Decimal(0), 0
    for step in steps:
        charge = counted + step * rate
        served = count(charge=charge, counted=counted, rate=rate, rate_now=rate, most=None)
        counted, seen = charge, seen + served.posts

    assert seen == sum(steps)


def of_dripfeed(
    said: OrderStatus, *, known: Facts | None = None, after: timedelta = timedelta(hours=1)
) -> Verdict:
    return judge(
        facts=known or facts(last_run_at=LAST_RUN),
        report=said,
        observed_at=START + after,
        confirm_after=CONFIRM,
    )


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_a_drip_feed_that_is_active_or_paused_runs(status: Status) -> None:
    verdict = of_dripfeed(report(status))

    assert (verdict.upstream_status, verdict.review) == ("In progress", None)


def test_a_run_that_is_completed_is_not_the_end_of_a_drip_feed() -> None:
    early = of_dripfeed(report(Status.COMPLETED, remains=400))
    late = of_dripfeed(report(Status.COMPLETED, remains=400), after=timedelta(hours=10))
    whole = of_dripfeed(report(Status.COMPLETED, remains=0))

    assert (early.act, early.remains) == (Act.UPDATE, 400)
    assert (late.act, whole.act) == (Act.COMPLETE, Act.COMPLETE)


def test_partial_of_a_drip_feed_is_of_all_its_runs() -> None:
    known = facts(ending="partial", ending_remains=300, last_run_at=LAST_RUN)

    verdict = of_dripfeed(report(Status.PARTIAL, remains=300, charge="0.8"), known=known)

    assert (verdict.act, verdict.remains) == (Act.END_PARTIALLY, 300)


@pytest.mark.parametrize(
    ("remains", "charge", "ending", "review"),
    [
        (300, "0.8", "partial", None),
        (300, "0.9", "", ReviewKind.KEPT_CHARGE),
        (500, "0.8", "", ReviewKind.KEPT_CHARGE),
        (900, None, "canceled", None),
        (None, "0", "canceled", None),
        (0, "0", "canceled", None),
        (None, "0.8", "", ReviewKind.NO_REMAINS),
        (0, None, "", ReviewKind.NO_REMAINS),
    ],
)
def test_a_drip_feed_that_was_canceled_between_its_runs_keeps_those_that_were_delivered(
    remains: int | None, charge: str | None, ending: str, review: ReviewKind | None
) -> None:
    verdict = of_dripfeed(report(Status.CANCELED, remains=remains, charge=charge))

    assert (verdict.ending, verdict.review) == (ending, review)
