"""What one report about a running subscription means, and how many posts it shows as delivered.

A provider bills a subscription post by post and tells only its whole charge, so posts are counted
by that, exactly: what is no whole number of posts at the agreed rate moves no money, and staff
review it.
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
    """What `report` (None: the provider does not know the id) means for a running subscription.

    Completed and Expired end it; Paused runs on. Canceled is believed when it is seen twice: an end
    stops the charging of posts, and what was delivered stays paid. Staff review any other end.
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
    text = f"The provider reports an unknown status for this subscription, {report.word!r}."
    return replace(seen, review=ReviewKind.UNKNOWN_STATUS, review_text=text)


def count(
    *, charge: Decimal | None, counted: Decimal, rate: Decimal, rate_now: Decimal, most: int | None
) -> Served:
    """The posts that the provider's `charge` shows beyond those it had `counted`.

    `rate`: of one post when it was ordered; `rate_now`: as the service is listed today. `most`:
    posts that the customer may still get; None: any number.
    """
    if charge is None or charge == counted:
        return Served()
    told = f"It has charged {plain(charge)}, of which {plain(counted)} are known posts."
    if charge < counted:
        return Served(problem=f"The provider's charge has fallen. {told}")
    if rate != rate_now:
        rates = f"from {plain(rate)} to {plain(rate_now)}"
        return Served(problem=f"The provider's rate per post has changed {rates}. {told}")
    unit = cost_for(cost=rate, billed_quantity=1, is_per_order=True)
    posts, rest = divmod(charge - counted, unit) if unit else (Decimal(0), charge)
    if rest:
        return Served(
            problem=f"The charge is not a whole number of posts at {plain(unit)} each. {told}"
        )
    if posts > MAX_AT_ONCE or (most is not None and posts > most):
        return Served(
            problem=f"The provider has charged {posts:,f} new posts at once, too many. {told}"
        )
    return Served(posts=int(posts))
