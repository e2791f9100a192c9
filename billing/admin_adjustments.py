"""Admin pages: a second admin confirms a proposed adjustment, or either withdraws it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from billing import ledger
from billing.adjustments import CannotAgree, agree, balance_after, money, withdraw
from billing.models import Adjustment


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_adjustment_agree(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then book the proposal."""
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
            f"Only {money(error.available)} is available. The proposal stays open.",
        )
    except (CannotAgree, ledger.LedgerError) as error:
        messages.error(request, str(error))
    else:
        booked, left = money(transfer.signed_amount), money(transfer.balance_after)
        messages.success(request, f"Booked {booked}. {adjustment.customer.email} now has {left}.")
    return redirect("admin_user", pk=adjustment.customer_id)


@admin_required
@require_POST
def admin_adjustment_withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Close a proposal without booking it."""
    adjustment = get_object_or_404(Adjustment, pk=pk)
    try:
        withdraw(adjustment=adjustment, actor=request.user, now=timezone.now())
    except CannotAgree as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Withdrawn: {money(adjustment.amount)}. Nothing was booked.")
    return redirect("admin_user", pk=adjustment.customer_id)


def _question(adjustment: Adjustment) -> dict[str, object]:
    after = balance_after(customer=adjustment.customer, amount=adjustment.amount)
    return {
        "title": "Confirm the adjustment",
        "question": f"Book {money(adjustment.amount)} on the wallet of {adjustment.customer.email}?",
        "details": [
            f"{adjustment.get_kind_display()}, proposed by {adjustment.proposed_by.email}.",
            f"Balance now {money(after - adjustment.amount)}, afterwards {money(after)}.",
            f"Reason, shown to the customer: {adjustment.reason}",
            "It is booked in your name at once. A booking can be corrected, but never changed.",
        ],
        "action": "Confirm and book",
        "cancel_url": reverse("admin_user", args=[adjustment.customer_id]),
    }
