"""Staff pages of refills and cancellations: what waits for a decision, and the decisions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import MemberRequest, staff_required
from lib.keyset import newest_first, oldest_first
from lib.query_text import to_id
from orders.aftercare.requests import (
    AlreadyDecided,
    AlreadyOurs,
    approve,
    attach_refill,
    end_refill,
    reject,
    resend,
    take_cancellation,
)
from orders.models import (
    AftercareQuerySet,
    AftercareRequest,
    Cancellation,
    Refill,
    RequestState,
)
from orders.models.limits import REASON_LENGTH

PAGE = 50  # rows


@dataclass(frozen=True, slots=True)
class Tab:
    """The requests of one state or a few."""

    label: str
    select: Callable[[AftercareQuerySet[Any]], AftercareQuerySet[Any]]
    is_queue: bool = False  # staff work it off: the oldest first
    is_counted: bool = True  # what has ended is not counted, since it only grows


TABS = {
    "to-decide": Tab("To decide", AftercareQuerySet.requested, is_queue=True),
    "unclear": Tab("Unclear", AftercareQuerySet.unclear, is_queue=True),
    "under-way": Tab("Under way", AftercareQuerySet.under_way),
    "completed": Tab("Completed", AftercareQuerySet.completed, is_counted=False),
    "rejected": Tab("Rejected", AftercareQuerySet.rejected, is_counted=False),
}


class ReasonForm(forms.Form):
    """Why staff decided so; the customer reads it where a request is rejected."""

    reason = forms.CharField(
        max_length=REASON_LENGTH, strip=True, error_messages={"required": "Reason: enter a reason."}
    )


class AttachForm(ReasonForm):
    """Which of the provider's refills an unclear one is."""

    upstream_id = forms.RegexField(
        r"^[0-9A-Za-z_-]+$",
        max_length=64,
        error_messages={
            "required": "Refill id: enter the provider's id.",
            "invalid": "Refill id: use letters, digits, - and _ only.",
        },
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff may decide, what they say with it, and what they read afterwards."""

    act: Callable[..., None]
    form: type[forms.Form]
    done: str


APPROVE = Decision(approve, forms.Form, "approved")
REJECT = Decision(reject, ReasonForm, "rejected")
RESEND = Decision(resend, ReasonForm, "will be sent again")
ATTACH = Decision(attach_refill, AttachForm, "matched")
COMPLETE = Decision(
    partial(end_refill, state=RequestState.COMPLETED), ReasonForm, "ended as completed"
)
FAIL = Decision(partial(end_refill, state=RequestState.REJECTED), ReasonForm, "ended as rejected")
TAKE = Decision(take_cancellation, ReasonForm, "marked as taken")


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the two pages this is."""

    url_name: str
    template: str
    decide_url: str
    title: str
    model: type[AftercareRequest]
    decisions: Mapping[str, Decision]


BOTH = {"approve": APPROVE, "reject": REJECT, "resend": RESEND}
REFILLS = Page(
    "staff_refills",
    "orders/staff/refills.html",
    "staff_refill_decide",
    "Refills",
    Refill,
    {**BOTH, "attach": ATTACH, "complete": COMPLETE, "fail": FAIL},
)
CANCELS = Page(
    "staff_cancels",
    "orders/staff/cancels.html",
    "staff_cancel_decide",
    "Cancellations",
    Cancellation,
    {**BOTH, "take": TAKE},
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
def staff_refill_decide(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Approve, reject, resend, attach or end one refill."""
    return _decide(request, REFILLS, pk, decision)


@staff_required
@require_POST
def staff_cancel_decide(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Approve, reject or resend one cancellation, or say that the provider took it."""
    return _decide(request, CANCELS, pk, decision)


def _list(request: HttpRequest, page: Page, *, status: int = 200) -> HttpResponse:
    name = request.GET.get("tab", "to-decide")
    if name not in TABS:
        raise Http404
    tab = TABS[name]
    rows = tab.select(page.model.objects.all())
    rows = rows.select_related("order", "order__user", "provider", "requested_by", "decided_by")
    shown, more_after = _page_of(rows, tab=tab, after=to_id(request.GET.get("after", "")))
    address = reverse(page.url_name)
    context = {
        "page": page,
        "name": name,
        "rows": shown,
        "tabs": [
            {
                "label": each.label,
                "url": f"{address}?tab={key}",
                "is_current": key == name,
                "count": each.select(page.model.objects.all()).count() if each.is_counted else None,
            }
            for key, each in TABS.items()
        ],
        "older_url": f"{address}?tab={name}&after={more_after}" if more_after else "",
    }
    return render(request, page.template, context, status=status)


def _page_of(
    rows: AftercareQuerySet[Any], *, tab: Tab, after: int | None
) -> tuple[list[Any], int | None]:
    """A queue begins with the oldest, other tabs with the newest; and where the next page
    begins.
    """
    if tab.is_queue:
        queue = oldest_first(rows, size=PAGE, after=after)
        return queue.rows, queue.newer_than
    page = newest_first(rows, size=PAGE, before=after)
    return page.rows, page.older_than


def _decide(request: MemberRequest, page: Page, pk: int, name: str) -> HttpResponse:
    row = get_object_or_404(page.model.objects.with_order(), pk=pk)
    if name not in page.decisions:
        raise Http404
    decision = page.decisions[name]
    form = decision.form(request.POST)
    problem = _carry_out(request, row, decision, form) if form.is_valid() else _errors(form)
    if problem:
        messages.error(request, problem)
        return _list(request, page, status=422)
    messages.success(request, f"{row.NOUN} of order {row.order_id} {decision.done}.")
    return redirect(f"{reverse(page.url_name)}?tab={request.GET.get('tab', 'to-decide')}")


def _carry_out(
    request: MemberRequest, row: AftercareRequest, decision: Decision, form: forms.Form
) -> str:
    """Do what was decided; returns why it cannot be done any more, or nothing."""
    try:
        decision.act(request=row, actor=request.user, now=timezone.now(), **form.cleaned_data)
    except (AlreadyDecided, AlreadyOurs) as error:
        return str(error)
    return ""


def _errors(form: forms.Form) -> str:
    return " ".join(str(message) for errors in form.errors.values() for message in errors)
