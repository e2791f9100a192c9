"""What one report about a running order means, decided without the database.

An older observation never wins, a rank never goes down, an end that pays money back is believed
only when it is seen twice, `remains` is clamped for money and never guessed, an end whose charge
and remains contradict each other goes to staff, an unknown word or a missing id changes nothing and
is shown to staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from catalog.upstream import OrderStatus, Status
from orders.models import ReviewKind
from orders.tracking.kept_charges import by_remains, clamp, contradiction, undelivered

# per-id errors in a row; a provider may not know a young order for a while
ERRORS_BEFORE_REVIEW = 5
YOUNG = timedelta(minutes=10)  # how long "Incorrect order ID" is normal after an order was accepted

# Running words by rank; a report of a lower rank than the one that is known is an echo of the past.
RUNNING_WORDS = {
    Status.PENDING: "Pending",
    Status.PROCESSING: "Processing",
    Status.IN_PROGRESS: "In progress",
}
ENDS = {Status.COMPLETED, Status.PARTIAL, Status.CANCELED}
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
    # what the whole order should cost, provider's currency, by each rate that may have been billed
    expected_costs: tuple[Decimal, ...] = ()
    is_charge_mute: bool = False  # at this provider the charge of an ended order says nothing


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
    review_detail: Mapping[str, str | int | None] = field(default_factory=dict)


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
    if report.status in ENDS:
        return _end(seen, facts, report, observed_at, confirm_after)
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


def _end(
    seen: Verdict,
    facts: Facts,
    report: OrderStatus,
    observed_at: datetime,
    confirm_after: timedelta,
) -> Verdict:
    """The provider ended it: what it keeps must be what it delivered, or staff decide."""
    if problem := _unusable(report, facts):
        kind, text = problem
        return replace(seen, review=kind, review_text=text)
    units = undelivered(
        report,
        billed_quantity=facts.billed_quantity,
        expected_costs=facts.expected_costs,
        is_charge_mute=facts.is_charge_mute,
    )
    if units is None:
        return _contradicts_itself(seen, facts, report)
    if report.status is Status.COMPLETED and not units:
        return replace(seen, act=Act.COMPLETE, remains=0)
    is_whole = report.status is Status.CANCELED and units == facts.billed_quantity
    ending = "canceled" if is_whole else "partial"
    return refundable(seen, facts, ending, units, observed_at, confirm_after)


def _unusable(report: OrderStatus, facts: Facts) -> tuple[ReviewKind, str] | None:
    """Why nobody can tell from this report what was delivered."""
    if report.status is Status.PARTIAL and facts.is_per_order:
        text = "The provider delivered only part of an order that is sold as a whole."
        return ReviewKind.PER_ORDER_PARTIAL, text
    if report.status is Status.PARTIAL and report.remains is None:
        return ReviewKind.NO_REMAINS, _lacks_remains(
            "The provider ended the order partially", report
        )
    is_stopped_run = report.status is Status.CANCELED and facts.last_run_at and report.charge != 0
    if is_stopped_run and not report.remains:
        return ReviewKind.NO_REMAINS, _lacks_remains("The provider canceled the drip-feed", report)
    return None


def _lacks_remains(ended: str, report: OrderStatus) -> str:
    if report.remains is None and report.remains_text:
        return f"{ended} with {report.remains_text!r} remaining, which is not a clear number."
    return f"{ended} without saying how much remains."


def _contradicts_itself(seen: Verdict, facts: Facts, report: OrderStatus) -> Verdict:
    text = contradiction(
        report, billed_quantity=facts.billed_quantity, expected_costs=facts.expected_costs
    )
    detail = {
        "status": report.word,
        "remains": report.remains,
        "charge": None if report.charge is None else str(report.charge),
        "undelivered": by_remains(report, billed_quantity=facts.billed_quantity),
    }
    return replace(seen, review=ReviewKind.KEPT_CHARGE, review_text=text, review_detail=detail)


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
