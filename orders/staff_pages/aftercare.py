"""Staff pages of refills and cancellations: what waits for a decision, and the decisions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import staff_required
from accounts.models import User
from lib.keyset import Row, newest_first, oldest_first
from lib.query_text import to_id
from orders.aftercare.requests import (
    AlreadyDecided,
    AlreadyOurs,
    approve,
    attach_refill,
    reject,
    resend,
    take_cancellation,
)
from orders.models import Cancellation, Refill, RequestState

PAGE = 50  # rows
TABS = {
    "to-decide": ("To decide", [RequestState.REQUESTED]),
    "unclear": ("Unclear", [RequestState.UNCLEAR]),
    "under-way": ("Under way", [RequestState.APPROVED, RequestState.SENDING, RequestState.RUNNING]),
    "completed": ("Completed", [RequestState.COMPLETED]),
    "rejected": ("Rejected", [RequestState.REJECTED]),
}


class ReasonForm(forms.Form):
    """Why staff decided so; the customer reads it where a request is rejected."""

    reason = forms.CharField(
        max_length=300, strip=True, error_messages={"required": "Reason: say why."}
    )


class AttachForm(ReasonForm):
    """Which of the provider's refills an unclear one is."""

    upstream_id = forms.RegexField(
        r"^[0-9A-Za-z_-]+$",
        max_length=64,
        error_messages={
            "required": "Refill id: give the provider's id.",
            "invalid": "Refill id: letters and digits.",
        },
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the two pages this is."""

    url_name: str
    template: str
    decide_url: str
    title: str
    rows: Callable[[], QuerySet[Any]]
    # whether the provider names what it took, so that an unclear one can be found again
    can_attach: bool


REFILLS = Page(
    "staff_refills",
    "orders/staff/refills.html",
    "staff_refill_decide",
    "Refills",
    Refill.objects.all,
    can_attach=True,
)
CANCELS = Page(
    "staff_cancels",
    "orders/staff/cancels.html",
    "staff_cancel_decide",
    "Cancellations",
    Cancellation.objects.all,
    can_attach=False,
)


@staff_required
@require_GET
def staff_refills(request: HttpRequest) -> HttpResponse:
    """Refill requests by state, the oldest first where something is to be decided."""
    return _list(request, REFILLS)


@staff_required
@require_GET
def staff_cancels(request: HttpRequest) -> HttpResponse:
    """Cancellation requests by state."""
    return _list(request, CANCELS)


@staff_required
@require_POST
def staff_refill_decide(request: HttpRequest, pk: int, decision: str) -> HttpResponse:
    """Approve, reject, resend or attach one refill."""
    return _decide(
        request, REFILLS, get_object_or_404(Refill.objects.select_related("order"), pk=pk), decision
    )


@staff_required
@require_POST
def staff_cancel_decide(request: HttpRequest, pk: int, decision: str) -> HttpResponse:
    """Approve, reject or resend one cancellation, or say that the provider took it."""
    return _decide(
        request,
        CANCELS,
        get_object_or_404(Cancellation.objects.select_related("order"), pk=pk),
        decision,
    )


def _list(request: HttpRequest, page: Page, *, status: int = 200) -> HttpResponse:
    name = request.GET.get("tab", "to-decide")
    if name not in TABS:
        raise Http404
    rows = page.rows().filter(state__in=TABS[name][1])
    rows = rows.select_related("order", "order__user", "provider", "requested_by", "decided_by")
    shown, more_after = _page_of(rows, tab=name, after=to_id(request.GET.get("after", "")))
    address = reverse(page.url_name)
    context = {
        "page": page,
        "name": name,
        "rows": shown,
        "tabs": [
            {
                "label": label,
                "url": f"{address}?tab={key}",
                "is_current": key == name,
                "count": _count(page, key),
            }
            for key, (label, _) in TABS.items()
        ],
        "older_url": f"{address}?tab={name}&after={more_after}" if more_after else "",
    }
    return render(request, page.template, context, status=status)


def _page_of(rows: QuerySet[Row], *, tab: str, after: int | None) -> tuple[list[Row], int | None]:
    """A queue begins with the oldest, any other tab with the newest; and where its next page begins."""
    if tab in {"to-decide", "unclear"}:
        queue = oldest_first(rows, size=PAGE, after=after)
        return queue.rows, queue.newer_than
    page = newest_first(rows, size=PAGE, before=after)
    return page.rows, page.older_than


def _count(page: Page, key: str) -> int | None:
    """How many wait; what has ended is not counted, since it only grows."""
    return (
        page.rows().filter(state__in=TABS[key][1]).count()
        if key in {"to-decide", "unclear", "under-way"}
        else None
    )


def _decide(
    request: HttpRequest, page: Page, row: Refill | Cancellation, decision: str
) -> HttpResponse:
    problem = _carry_out(request, row, decision)
    if problem:
        messages.error(request, problem)
        return _list(request, page, status=422)
    messages.success(request, f"Order {row.order_id}: {decision} done.")
    return redirect(f"{reverse(page.url_name)}?tab={request.GET.get('tab', 'to-decide')}")


def _carry_out(request: HttpRequest, row: Refill | Cancellation, decision: str) -> str:
    """Do what was decided; returns what is wrong with the request, or nothing."""
    actor = request.user
    assert isinstance(actor, User)  # noqa: S101  # staff_required has seen to it
    now = timezone.now()
    form = AttachForm(request.POST) if decision == "attach" else ReasonForm(request.POST)
    if decision != "approve" and not form.is_valid():
        return " ".join(str(message) for errors in form.errors.values() for message in errors)
    try:
        if decision == "approve":
            approve(request=row, actor=actor, now=now)
        elif decision == "reject":
            reject(request=row, actor=actor, reason=form.cleaned_data["reason"], now=now)
        elif decision == "resend":
            resend(request=row, actor=actor, reason=form.cleaned_data["reason"], now=now)
        elif decision == "attach" and isinstance(row, Refill):
            given = form.cleaned_data
            attach_refill(
                refill=row,
                upstream_id=given["upstream_id"],
                actor=actor,
                reason=given["reason"],
                now=now,
            )
        elif decision == "take" and isinstance(row, Cancellation):
            take_cancellation(
                cancellation=row, actor=actor, reason=form.cleaned_data["reason"], now=now
            )
        else:
            raise Http404
    except (AlreadyDecided, AlreadyOurs) as error:
        return str(error)
    return ""
