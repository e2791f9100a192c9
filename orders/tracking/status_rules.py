"""What one report about a running order means, decided without the database.

An older observation never wins, a rank never goes down, an end that pays money back is believed
only when it is seen twice, `remains` is clamped for money and never guessed, an unknown word or a
missing id changes nothing and is shown to staff.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from catalog.upstream import OrderStatus, Status
from orders.models import ReviewKind

# per-id errors in a row; a provider may not know a young order for a while
ERRORS_BEFORE_REVIEW = 5
YOUNG = timedelta(minutes=10)  # how long "Incorrect order ID" is normal after an order was accepted

# Running words by rank; a report of a lower rank than the one that is known is an echo of the past.
RUNNING_WORDS = {
    Status.PENDING: "Pending",
    Status.PROCESSING: "Processing",
    Status.IN_PROGRESS: "In progress",
}
_RANK = {"": 0, "Pending": 1, "Processing": 2, "In progress": 3}


class Act(Enum):
    """What is to be done with the order."""

    NOTHING = auto()  # only the watch moves on
    UPDATE = auto()  # status, counts and the provider's charge, as the verdict says
    COMPLETE = auto()
    AWAIT_CONFIRMATION = auto()  # a refundable end, seen for the first time
    END_PARTIALLY = auto()
    CANCEL = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a running order and its watch before the report."""

    upstream_status: str
    start_count: int | None
    remains: int | None
    upstream_charge: Decimal | None
    billed_quantity: int
    is_per_order: bool
    running_at: datetime
    errors: int
    ending: str
    ending_remains: int | None
    ending_seen_at: datetime | None
    last_run_at: datetime | None = None  # when the last run of a drip-feed begins; None: it is none


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report means; the values are what the row shall hold afterwards."""

    act: Act
    upstream_status: str
    start_count: int | None
    remains: int | None
    upstream_charge: Decimal | None
    errors: int = 0
    ending: str = ""
    ending_remains: int | None = None
    ending_seen_at: datetime | None = None
    review: ReviewKind | None = None
    review_text: str = ""


def judge(
    *, facts: Facts, report: OrderStatus | None, observed_at: datetime, confirm_after: timedelta
) -> Verdict:
    """What `report` (None: the provider does not know the id, or left it out) means for the order.

    `observed_at` is the database's time before the request; `confirm_after` is REFUND_CONFIRM.
    """
    if report is None:
        return unknown_id(facts, observed_at)
    report = _of_all_runs(report, facts, observed_at)
    seen = Verdict(
        act=Act.NOTHING,
        upstream_status=_raised(facts.upstream_status, report.status),
        start_count=facts.start_count if report.start_count is None else report.start_count,
        remains=facts.remains
        if report.remains is None
        else clamp(report.remains, facts.billed_quantity),
        upstream_charge=facts.upstream_charge if report.charge is None else report.charge,
    )
    if report.status in RUNNING_WORDS:
        return replace(seen, act=Act.UPDATE if differs(facts, seen) else Act.NOTHING)
    if report.status is Status.COMPLETED:
        return replace(seen, act=Act.COMPLETE, remains=0)
    if report.status is Status.CANCELED and facts.last_run_at and report.charge != 0:
        return _stopped_runs(seen, facts, report, observed_at, confirm_after)
    if report.status is Status.CANCELED:
        return refundable(
            seen, facts, "canceled", facts.billed_quantity, observed_at, confirm_after
        )
    if report.status is Status.PARTIAL:
        return _partial(seen, facts, report, observed_at, confirm_after)
    return replace(
        seen,
        act=Act.NOTHING,
        review=ReviewKind.UNKNOWN_STATUS,
        review_text=f"The provider reports an unknown status, {report.word!r}.",
    )


def _of_all_runs(report: OrderStatus, facts: Facts, observed_at: datetime) -> OrderStatus:
    """What a report says of a whole drip-feed: some providers tell the state of one run."""
    if facts.last_run_at is None:
        return report
    is_one_run = (
        report.status is Status.COMPLETED
        and (report.remains or 0) > 0
        and observed_at < facts.last_run_at
    )
    if is_one_run or report.status in {Status.ACTIVE, Status.PAUSED}:
        return replace(report, status=Status.IN_PROGRESS)
    return report


def _stopped_runs(
    seen: Verdict,
    facts: Facts,
    report: OrderStatus,
    observed_at: datetime,
    confirm_after: timedelta,
) -> Verdict:
    """A drip-feed is canceled between its runs: those that were delivered stay paid."""
    if not report.remains:
        text = _lacks_remains("The provider canceled the drip-feed", report)
        return replace(seen, review=ReviewKind.NO_REMAINS, review_text=text)
    remains = clamp(report.remains, facts.billed_quantity)
    ending = "canceled" if remains == facts.billed_quantity else "partial"
    return refundable(seen, facts, ending, remains, observed_at, confirm_after)


def _lacks_remains(ended: str, report: OrderStatus) -> str:
    if report.remains is None and report.remains_text:
        return f"{ended} with {report.remains_text!r} remaining, which is not a clear number."
    return f"{ended} without saying how much remains."


def clamp(remains: int, billed_quantity: int) -> int:
    """`remains` for money: never negative, never above what was bought."""
    return max(0, min(remains, billed_quantity))


def _partial(
    seen: Verdict,
    facts: Facts,
    report: OrderStatus,
    observed_at: datetime,
    confirm_after: timedelta,
) -> Verdict:
    if facts.is_per_order:
        text = "The provider delivered only part of an order that is sold as a whole."
        return replace(seen, review=ReviewKind.PER_ORDER_PARTIAL, review_text=text)
    if report.remains is None:
        text = _lacks_remains("The provider ended the order partially", report)
        return replace(seen, review=ReviewKind.NO_REMAINS, review_text=text)
    remains = clamp(report.remains, facts.billed_quantity)
    return refundable(seen, facts, "partial", remains, observed_at, confirm_after)


def refundable(
    seen: Verdict,
    facts: Facts,
    ending: str,
    remains: int,
    observed_at: datetime,
    confirm_after: timedelta,
) -> Verdict:
    """An end that must be seen twice, `confirm_after` apart, before it is believed."""
    is_repeated = facts.ending == ending and facts.ending_remains == remains
    seen_before_at = facts.ending_seen_at if is_repeated else None
    act = Act.AWAIT_CONFIRMATION
    if seen_before_at is not None and observed_at - seen_before_at >= confirm_after:
        act = Act.CANCEL if ending == "canceled" else Act.END_PARTIALLY
    return replace(
        seen,
        act=act,
        remains=remains,
        ending=ending,
        ending_remains=remains,
        ending_seen_at=seen_before_at or observed_at,
    )


def unknown_id(facts: Facts, observed_at: datetime) -> Verdict:
    """The provider does not know the order, or left it out: normal for a young one, at first."""
    errors = facts.errors + 1
    is_lost = errors >= ERRORS_BEFORE_REVIEW and observed_at - facts.running_at >= YOUNG
    return Verdict(
        act=Act.NOTHING,
        upstream_status=facts.upstream_status,
        start_count=facts.start_count,
        remains=facts.remains,
        upstream_charge=facts.upstream_charge,
        errors=errors,
        ending=facts.ending,
        ending_remains=facts.ending_remains,
        ending_seen_at=facts.ending_seen_at,
        review=ReviewKind.UNKNOWN_ORDER if is_lost else None,
        review_text=f"The provider did not recognize this order in the last {errors} checks."
        if is_lost
        else "",
    )


def _raised(known: str, reported: Status) -> str:
    word = RUNNING_WORDS.get(reported, known)
    return word if _RANK[word] >= _RANK.get(known, 0) else known


def differs(facts: Facts, seen: Verdict) -> bool:
    """Whether the order's row changes by what was seen."""
    return (facts.upstream_status, facts.start_count, facts.remains, facts.upstream_charge) != (
        seen.upstream_status,
        seen.start_count,
        seen.remains,
        seen.upstream_charge,
    )
