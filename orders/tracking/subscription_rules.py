"""What one report about a running subscription means: how it stands, and how many posts were
served. Pure.

A provider bills a subscription post by post, and tells only what it has billed in all. So posts are
counted by its charge, exactly: whatever is no whole number of posts at the rate that was agreed,
staff look at, and no money moves.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from catalog.prices.arithmetic import cost_for
from catalog.upstream import OrderStatus, Status
from lib.decimals import plain
from orders.models import ReviewKind
from orders.tracking.status_rules import Act, Facts, Verdict, differs, refundable, unknown_id

# posts between two looks; more are likelier a mistake, and are a person's to believe
MAX_AT_ONCE = 100
RUNNING: Final = {  # what the API says of it meanwhile, in the words that its clients know
    Status.PENDING: "Pending",
    Status.PROCESSING: "Processing",
    Status.IN_PROGRESS: "In progress",
    Status.ACTIVE: "In progress",
    Status.PAUSED: "In progress",
}
STATES: Final = {  # what its customer reads
    Status.PENDING: "Pending",
    Status.PROCESSING: "Active",
    Status.IN_PROGRESS: "Active",
    Status.ACTIVE: "Active",
    Status.PAUSED: "Paused",
    Status.COMPLETED: "Completed",
    Status.EXPIRED: "Expired",
}
ENDS: Final = {Status.COMPLETED, Status.EXPIRED}


@dataclass(frozen=True, slots=True)
class Served:
    """What a charge says was served since the last count."""

    posts: int = 0
    problem: str = ""  # why nothing can be counted; in words for staff


def judge(
    *, facts: Facts, report: OrderStatus | None, observed_at: datetime, confirm_after: timedelta
) -> Verdict:
    """What `report` (None: the provider does not know the id) means for a subscription that runs;
    as `observing.judge`.

    Completed and Expired end it; Paused runs on. Canceled is believed when it is seen twice: an end
    stops the charging of posts, and what was served stays paid. No other end is known of
    subscriptions: staff look.
    """
    if report is None:
        return unknown_id(facts, observed_at)
    seen = Verdict(
        act=Act.NOTHING,
        upstream_status=RUNNING.get(report.status, facts.upstream_status),
        start_count=facts.start_count,
        remains=facts.remains,
        upstream_charge=facts.upstream_charge if report.charge is None else report.charge,
    )
    if report.status in RUNNING:
        return replace(seen, act=Act.UPDATE if differs(facts, seen) else Act.NOTHING)
    if report.status in ENDS:
        return replace(seen, act=Act.COMPLETE, remains=0)
    if report.status is Status.CANCELED:
        return refundable(seen, facts, "canceled", 0, observed_at, confirm_after)
    text = f"The provider reports the status {report.word[:60]!r} of a subscription: nobody has told us its meaning."
    return replace(seen, review=ReviewKind.UNKNOWN_STATUS, doubt_text=text)


def count(
    *, charge: Decimal | None, counted: Decimal, rate: Decimal, rate_now: Decimal, most: int | None
) -> Served:
    """The posts that were served since `counted` was, of what the provider has charged in all;
    provider's currency.

    `rate`: of one post when it was ordered; `rate_now`: as the service is listed today. `most`:
    posts that the customer may still be served; None: any number.
    """
    if charge is None or charge == counted:
        return Served()
    told = (
        f"It has charged {plain(charge)} in all, and {plain(counted)} of that are posts known of."
    )
    if charge < counted:
        return Served(problem=f"The provider takes back posts that it had charged. {told}")
    if rate != rate_now:
        rates = f"from {plain(rate)} to {plain(rate_now)}"
        return Served(problem=f"The provider's rate for a post went {rates} meanwhile. {told}")
    unit = cost_for(cost=rate, billed_quantity=1, is_per_order=True)
    posts, rest = divmod(charge - counted, unit) if unit else (Decimal(0), charge)
    if rest:
        return Served(
            problem=f"The charge is no whole number of posts at {plain(unit)} each. {told}"
        )
    if posts > MAX_AT_ONCE or (most is not None and posts > most):
        return Served(
            problem=f"The provider has charged {posts:,f} posts more than were known, too many. {told}"
        )
    return Served(posts=int(posts))
