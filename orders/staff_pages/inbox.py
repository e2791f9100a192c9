"""The staff's inbox of orders: every one that is unclear, held or in doubt, with what is known and
what to do next.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q

from lib.decimals import plain
from orders.lifecycle.costs import present_cost, worth
from orders.models import (
    Attempt,
    HoldReason,
    Order,
    OrderQuerySet,
    Proposal,
    Review,
    ReviewKind,
    Status,
)
from orders.unclear.decide import needs_two
from orders.unclear.evidence import Findings, evidence_for, with_findings

PAGE: Final = 25  # cases: each is a card with forms


@dataclass(frozen=True, slots=True)
class Case:
    """One order that waits for staff."""

    order: Order
    attempt: Attempt | None  # the last one
    findings: Findings | None  # about that one
    reviews: list[Review]  # open ones
    advice: str
    decisions: tuple[str, ...]  # of attach, resend, refund, settle
    proposal: Proposal | None  # a decision that waits for a second person
    needs_two: bool  # whether resend and refund do

    @property
    def is_overdue(self) -> bool:
        """Whether it has been unclear for so long that the log has told of it."""
        return bool(
            self.order.status == Status.UNCLEAR and self.attempt and self.attempt.alarmed_at
        )

    @property
    def undelivered_hint(self) -> str:
        """What may be entered as undelivered."""
        return f"0–{self.order.billed_quantity:,}"


def cases(*, after: int | None = None) -> tuple[list[Case], int | None]:
    """The oldest cases behind an id, and the id behind which more begin, None where these are
    the last.
    """
    orders = waiting_for_staff()
    if after is not None:
        orders = orders.filter(pk__gt=after)
    rows = list(with_evidence(orders).order_by("pk")[: PAGE + 1])
    return cases_of(rows[:PAGE]), rows[PAGE - 1].pk if len(rows) > PAGE else None


def waiting_for_staff() -> OrderQuerySet:
    """Every order that a person should look at."""
    reviews = Review.objects.open().filter(order=OuterRef("pk"))
    return Order.objects.filter(Q(status__in=[Status.UNCLEAR, Status.HELD]) | Exists(reviews))


def with_evidence(orders: OrderQuerySet) -> OrderQuerySet:
    """The orders with all that a case shows, in a fixed number of queries."""
    reviews, attempts = Review.objects.open().order_by("pk"), Attempt.objects.order_by("pk")
    proposals = Proposal.objects.filter(closed_at=None).select_related("proposed_by").order_by("pk")
    orders = orders.select_related("user", "service", "provider")
    orders = orders.prefetch_related(Prefetch("reviews", reviews))
    orders = orders.prefetch_related(Prefetch("attempts", with_findings(attempts)))
    return orders.prefetch_related(Prefetch("attempts__proposals", proposals))


def cases_of(orders: Iterable[Order]) -> list[Case]:
    """The cases of orders that `with_evidence` has fetched."""
    return [_case(order) for order in orders]


def _case(order: Order) -> Case:
    attempts, reviews = list(order.attempts.all()), list(order.reviews.all())
    attempt = attempts[-1] if attempts else None
    return Case(
        order=order,
        attempt=attempt,
        findings=evidence_for(attempt) if attempt else None,
        reviews=reviews,
        advice=_advice(order, attempt, reviews),
        decisions=_decisions(order, reviews),
        proposal=next(iter(attempt.proposals.all()), None)
        if attempt and order.status == Status.UNCLEAR
        else None,
        needs_two=needs_two(order),
    )


def _decisions(order: Order, reviews: list[Review]) -> tuple[str, ...]:
    if order.status == Status.UNCLEAR:
        return ("attach", "resend", "refund")
    if order.status == Status.HELD:
        return (
            ("attach", "resend", "refund")
            if order.hold_reason == HoldReason.STAFF
            else ("resend", "refund")
        )
    uncounted = (
        ("posts",) if any(review.kind == ReviewKind.UNCOUNTED_POSTS for review in reviews) else ()
    )
    return (*uncounted, "settle") if order.status == Status.RUNNING and reviews else uncounted


def _advice(order: Order, attempt: Attempt | None, reviews: list[Review]) -> str:
    """The suggested next step."""
    provider = order.provider.name
    if order.status == Status.UNCLEAR:
        if attempt and attempt.evidence.next_step:
            return attempt.evidence.next_step
        sent = attempt.sent_at or attempt.prepared_at if attempt else order.created_at
        return (
            f"Look for the link among {provider}'s orders of {sent:%Y-%m-%d %H:%M} UTC and a few minutes after. "
            "Found: enter its id. Certainly not there: send it again or refund it."
        )
    if order.status == Status.HELD:
        return _advice_held(order, provider)
    if advice := _advice_posts(reviews, provider):
        return advice
    if order.status == Status.RUNNING and reviews:
        return (
            f"Look the order up at {provider}. Close the doubt to go on following it, "
            "or end it with what is missing."
        )
    if reviews:
        return "The order has ended and its money stays as it is. Look it up, then close the doubt with what you found."
    return ""


def _advice_posts(reviews: list[Review], provider: str) -> str:
    kinds = {review.kind for review in reviews}
    if ReviewKind.UNCOUNTED_POSTS in kinds:
        return f"Count the posts that {provider} has served since the last one that was charged, and enter the number."
    if ReviewKind.UNPAID_POSTS in kinds:
        return (
            "Ask the customer to add funds: the posts are charged by themselves then. "
            "Closing the doubt forgives them."
        )
    return ""


def _advice_held(order: Order, provider: str) -> str:
    match HoldReason(order.hold_reason):
        case HoldReason.PROVIDER_FUNDS:
            return f"Top up our account at {provider}: the order goes on by itself once the balance covers it."
        case HoldReason.PROVIDER_KEY:
            return f"Have an admin check our key at {provider}: the order goes on by itself once the key works."
        case HoldReason.LOSS:
            cost, charge = plain(present_cost(order)), plain(worth(order))
            return f"It costs {cost} now and brings {charge}: sending it accepts the loss, a refund avoids it."
        case HoldReason.STAFF:
            return "Read the timeline: enter the provider's id where it was placed, else send the order or refund it."
