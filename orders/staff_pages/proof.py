"""The staff page of the audit: whether all money adds up, what is overdue, and the jobs."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required, staff_required
from billing.halt import NoReason, NotHalted, clear_halt, standing_halt
from orders.audit.prove_all import keep_proof
from orders.jobs.late_jobs import beats
from orders.jobs.run_job import run_alone
from orders.models import Proof

EARLIER: Final = 10  # audits that are listed beside the last one


@staff_required
@require_http_methods(["GET", "POST"])
def staff_proof(request: MemberRequest) -> HttpResponse:
    """The last audit and the jobs; posting runs a new audit."""
    if request.method == "POST":
        if not run_alone(name="prove_money", job=lambda: keep_proof(now=timezone.now())):
            messages.info(request, "A check is running. The result will appear here.")
        return redirect("staff_proof")
    now = timezone.now()
    newest = list(Proof.objects.order_by("-pk")[: EARLIER + 1])
    last = newest[0] if newest else None
    jobs = beats(now=now)
    context = {
        "proof": last,
        "is_old": last is not None
        and last.made_at < now - timedelta(seconds=2 * settings.RECONCILE_EVERY),
        "full": Proof.objects.filter(is_full=True).order_by("-pk").first(),
        "earlier": newest[1:],
        "halt": standing_halt(),
        "beats": jobs if any(beat.sweep for beat in jobs) else [],
        "late": [beat.name for beat in jobs if beat.is_late],
    }
    return render(request, "orders/staff/proof.html", context)


@admin_required
@require_POST
def staff_halt_clear(request: MemberRequest) -> HttpResponse:
    """Resume sending and top-ups, with a reason."""
    try:
        clear_halt(actor=request.user, reason=request.POST.get("reason", ""), now=timezone.now())
    except (NoReason, NotHalted) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Sending and top-ups resumed.")
    return redirect("staff_proof")
