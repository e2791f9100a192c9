"""Staff pages of orders: all of them, a single one, and those that need a decision."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import MemberRequest, staff_required
from billing.models import SubjectKind, Transfer
from catalog.models import Provider
from lib.query_text import to_id
from orders.lifecycle.costs import earning_of
from orders.models import EventKind, Order, Proposal, Review, Status
from orders.pages.order_list import page_of
from orders.staff_pages.forms import ReasonForm, form_for
from orders.staff_pages.inbox import Case, cases_of, inbox_page, with_evidence
from orders.staff_pages.search import find_any
from orders.tracking.charge_posts import NothingToCount, count_posts
from orders.tracking.settle_reviews import (
    AlreadySettled,
    NotUnderReview,
    WrongRemains,
    close_review,
)
from orders.tracking.undo_end import CannotUndo, can_undo
from orders.unclear.decide import CannotDecide, attach, confirm, decide, withdraw

DECISIONS: Final[Mapping[str, Callable[..., object]]] = {
    "attach": attach,
    "resend": partial(decide, decision="resend"),
    "refund": partial(decide, decision="refund"),
    "posts": count_posts,
}
ANSWERS: Final[Mapping[str, Callable[..., object]]] = {
    "confirm": confirm,
    "withdraw": withdraw,
}
REJECTED: Final = (
    CannotDecide,
    AlreadySettled,
    NotUnderReview,
    WrongRemains,
    NothingToCount,
    CannotUndo,
)  # staff can act on these: somebody was first, or the input is wrong
DONE: Final = {
    "attach": "matched",
    "resend": "queued to be resent",
    "refund": "canceled and refunded",
    "posts": "charged for the posts you counted",
    "propose": "waits for a second person to confirm",
    "confirm": "decided as proposed",
    "withdraw": "left unchanged, proposal withdrawn",
}

TONES: Final[Mapping[str, str]] = {
    EventKind.ACCEPTED: "good",
    EventKind.REFUSED: "bad",
    EventKind.UNCLEAR: "bad",
    EventKind.HELD: "warn",
    EventKind.REVIEW: "warn",
    EventKind.POSTPONED: "warn",
    EventKind.DECISION: "info",
    EventKind.VERDICT: "good",
    EventKind.STATUS: "info",
}


@staff_required
@require_GET
def staff_orders(request: MemberRequest) -> HttpResponse:
    """Every customer's orders, newest first, by search, status and provider."""
    asked = {name: request.GET.get(name, "") for name in ("q", "status", "provider")}
    found = find_any(query=asked["q"], status=asked["status"], provider_id=asked["provider"])
    page = page_of(
        orders=found.select_related("user", "provider"),
        older_than=request.GET.get("before", ""),
        newer_than=request.GET.get("after", ""),
    )
    context = {
        "asked": asked,
        "rows": [(order, earning_of(order)) for order in page.rows],
        "page": page,
        "statuses": Status.choices,
        "providers": Provider.objects.order_by("name", "pk"),
    }
    return render(request, "orders/staff/orders.html", context)


@staff_required
@require_GET
def staff_order(request: MemberRequest, pk: int) -> HttpResponse:
    """One order with everything: timeline, attempts, reviews, money, decisions."""
    return render_order(request, pk)


@staff_required
@require_GET
def staff_unclear(request: MemberRequest) -> HttpResponse:
    """Orders that staff must decide, oldest first, with evidence and decisions."""
    after = request.GET.get("after", "")
    page = inbox_page(after=to_id(after))
    context = {
        "cards": [(case, _forms(case)) for case in cases_of(page.rows)],
        "stopped_providers": Provider.objects.stopped(),
        "more_after": page.newer_than,
        "first_url": reverse("staff_unclear") if after else "",
    }
    return render(request, "orders/staff/unclear.html", context)


@staff_required
@require_POST
def staff_order_decide(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Carry out one decision; its errors are shown on the order's page."""
    order = get_object_or_404(Order.objects.select_related("provider"), pk=pk)
    if decision not in DECISIONS:
        raise Http404
    form = form_for(decision, pk, request.POST)
    if form.is_valid():
        try:
            done = DECISIONS[decision](
                order=order, actor=request.user, now=timezone.now(), **form.cleaned_data
            )
        except REJECTED as error:
            form.add_error(None, str(error))
        else:
            is_proposal = isinstance(done, Proposal)
            messages.success(
                request, f"Order {pk} {DONE['propose'] if is_proposal else DONE[decision]}."
            )
            return redirect("staff_order", pk=pk)
    return render_order(request, pk, rejected={decision: form})


@staff_required
@require_POST
def staff_proposal_answer(request: MemberRequest, pk: int, answer: str) -> HttpResponse:
    """A second person confirms a proposal about an expensive order, or either withdraws it."""
    proposal = get_object_or_404(Proposal.objects.select_related("attempt"), pk=pk)
    if answer not in ANSWERS:
        raise Http404
    try:
        ANSWERS[answer](proposal=proposal, actor=request.user, now=timezone.now())
    except REJECTED as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Order {proposal.attempt.order_id} {DONE[answer]}.")
    return redirect("staff_order", pk=proposal.attempt.order_id)


@staff_required
@require_POST
def staff_doubt_close(request: MemberRequest, pk: int) -> HttpResponse:
    """Close a review with a note."""
    review = get_object_or_404(Review.objects.select_related("order"), pk=pk)
    form = form_for("close", pk, request.POST)
    if form.is_valid():
        try:
            close_review(review=review, actor=request.user, now=timezone.now(), **form.cleaned_data)
        except REJECTED as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Warning about order {review.order_id} closed.")
            return redirect("staff_order", pk=review.order_id)
    return render_order(request, review.order_id, rejected={f"close{pk}": form})


def render_order(
    request: MemberRequest, pk: int, *, rejected: Mapping[str, ReasonForm] | None = None
) -> HttpResponse:
    """The page of one order; rejected forms, by decision, show their errors."""
    order = get_object_or_404(with_evidence(Order.objects.all()), pk=pk)
    [case] = cases_of([order])
    context = {
        "order": order,
        "case": case,
        "forms": _forms(case, rejected),
        "undo": (rejected or {}).get("undo") or form_for("undo", pk)
        if can_undo(order, now=timezone.now())
        else None,
        "orphans": [form for name, form in (rejected or {}).items() if not _has_place(name, case)],
        "earning": earning_of(order),
        "events": [
            (event, TONES.get(event.kind, "idle"))
            for event in order.events.select_related("actor").order_by("pk")
        ],
        "attempts": order.attempts.select_related("decided_by").order_by("pk"),
        # not order.reviews, of which only the open ones are fetched
        "closed_reviews": Review.objects.closed().filter(order=order).select_related("closed_by"),
        "transfers": Transfer.objects.about(SubjectKind.ORDER, pk),
        "requests": [
            *order.refills.select_related("requested_by").order_by("pk"),
            *order.cancellations.select_related("requested_by").order_by("pk"),
        ],
    }
    return render(request, "orders/staff/order.html", context, status=422 if rejected else 200)


def _forms(case: Case, rejected: Mapping[str, ReasonForm] | None = None) -> dict[str, Any]:
    """The case's forms, by decision and by review. A rejected one shows its errors."""
    rejected = rejected or {}
    by_decision = {
        name: rejected.get(name) or form_for(name, case.order.pk) for name in case.decisions
    }
    reviews = [
        (review, rejected.get(f"close{review.pk}") or form_for("close", review.pk))
        for review in case.reviews
    ]
    return {"by_decision": by_decision, "reviews": reviews}


def _has_place(name: str, case: Case) -> bool:
    """Whether the page still shows the form; not if somebody else has decided meanwhile."""
    if name == "undo":
        return can_undo(case.order, now=timezone.now())
    return name in case.decisions or name in {f"close{review.pk}" for review in case.reviews}
