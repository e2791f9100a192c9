"""The staff's inbox: orders that are unclear, held or under review, with a suggested next step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q

from lib.decimals import plain
from lib.keyset import Page, oldest_first
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

PAGE: Final = 25  # cases, each a card with forms


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
    needs_two: bool  # for resend and refund

    @property
    def is_overdue(self) -> bool:
        """Whether it has been unclear for so long that an alert was logged."""
        return bool(
            self.order.status == Status.UNCLEAR and self.attempt and self.attempt.alarmed_at
        )

    @property
    def undelivered_hint(self) -> str:
        """What may be entered as undelivered."""
        return f"0–{self.order.billed_quantity:,}"


def inbox_page(*, after: int | None = None) -> Page[Order]:
    """The oldest orders behind an id that wait for staff, with all that their cases show."""
    return oldest_first(with_evidence(waiting_for_staff()), size=PAGE, after=after)


def waiting_for_staff() -> OrderQuerySet:
    """Every order that needs a person."""
    reviews = Review.objects.open().filter(order=OuterRef("pk"))
    return Order.objects.filter(Q(status__in=[Status.UNCLEAR, Status.HELD]) | Exists(reviews))


def with_evidence(orders: OrderQuerySet) -> OrderQuerySet:
    """The orders with everything a case shows, in a fixed number of queries."""
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
            f"Look for the link in {provider}'s orders from {sent:%Y-%m-%d %H:%M} UTC and a few "
            "minutes later. If you find it, enter its ID. If it is certainly not there, resend "
            "or refund the order."
        )
    if order.status == Status.HELD:
        return _advice_held(order, provider)
    if advice := _advice_posts(reviews, provider):
        return advice
    if order.status == Status.RUNNING and reviews:
        return (
            f"Check the order at {provider}. Close the warning to keep tracking it, or end the "
            "order and enter what was not delivered."
        )
    if reviews:
        return (
            "The order has ended and its charge does not change. Check it with the provider, then "
            "close the warning and note what you found."
        )
    return ""


def _advice_posts(reviews: list[Review], provider: str) -> str:
    kinds = {review.kind for review in reviews}
    if ReviewKind.UNCOUNTED_POSTS in kinds:
        return (
            f"Count the posts that {provider} has delivered since the last charged one, and "
            "enter the number."
        )
    if ReviewKind.UNPAID_POSTS in kinds:
        return (
            "Ask the customer to add funds; the posts are then charged automatically. "
            "Closing the warning waives their charge."
        )
    return ""


def _advice_held(order: Order, provider: str) -> str:
    match HoldReason(order.hold_reason):
        case HoldReason.PROVIDER_FUNDS:
            return (
                f"Top up our account at {provider}. The order continues automatically once the "
                "balance covers it."
            )
        case HoldReason.PROVIDER_KEY:
            return (
                f"Ask an admin to check our API key at {provider}. The order continues "
                "automatically once the key works."
            )
        case HoldReason.NEW_MESSAGE:
            return (
                f"Read what {provider} said, and choose on its page what the message means: all "
                "orders with this message follow. Or resend or refund this order."
            )
        case HoldReason.LOSS:
            cost, charge = plain(present_cost(order)), plain(worth(order))
            currency = settings.PANEL_CURRENCY
            return (
                f"The cost is now {cost} {currency} and the charge {charge} {currency}. Resend it to "
                "accept the loss, or refund it."
            )
        case HoldReason.STAFF:
            return (
                "Check the timeline. If the order was placed, enter the provider's ID; otherwise "
                "resend or refund it."
            )
