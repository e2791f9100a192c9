"""A second admin agrees to money that another wants to move by hand, or either withdraws it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from billing import ledger
from billing.adjustments import CannotAgree, agree, withdraw
from billing.models import Adjustment
from lib.decimals import ungrouped


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_adjustment_agree(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask once more, then book what another admin has proposed."""
    adjustment = get_object_or_404(
        Adjustment.objects.select_related("customer", "proposed_by"), pk=pk
    )
    if request.method != "POST":
        return render(request, "confirm.html", _question(adjustment))
    try:
        transfer = agree(adjustment=adjustment, actor=request.user, now=timezone.now())
    except ledger.InsufficientFunds as error:
        messages.error(
            request,
            f"The wallet has only {ungrouped(error.available)} to take. The proposal waits on.",
        )
    except (CannotAgree, ledger.LedgerError) as error:
        messages.error(request, str(error))
    else:
        booked, left = ungrouped(transfer.signed_amount), ungrouped(transfer.balance_after)
        messages.success(request, f"Booked {booked}. {adjustment.customer.email} now has {left}.")
    return redirect("admin_user", pk=adjustment.customer_id)


@admin_required
@require_POST
def admin_adjustment_withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back what was proposed, or say no to it: nothing moves."""
    adjustment = get_object_or_404(Adjustment, pk=pk)
    try:
        withdraw(adjustment=adjustment, actor=request.user, now=timezone.now())
    except CannotAgree as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Withdrawn: {ungrouped(adjustment.amount)}. Nothing moved.")
    return redirect("admin_user", pk=adjustment.customer_id)


def _question(adjustment: Adjustment) -> dict[str, object]:
    money = f"{ungrouped(adjustment.amount)} {settings.PANEL_CURRENCY}"
    return {
        "title": "Agree to move money",
        "question": f"Book {money} on the wallet of {adjustment.customer.email}?",
        "details": [
            f"{adjustment.get_kind_display()}, proposed by {adjustment.proposed_by.email}.",
            f"Reason, which the customer reads: {adjustment.reason}",
            "It is booked in your name at once. What is booked is never changed: only another booking corrects it.",
        ],
        "action": "Agree and book it",
        "cancel_url": reverse("admin_user", args=[adjustment.customer_id]),
    }
