"""Staff say how an order under review ended: the refund is shown before it is made, and undone."""

from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.decorators import MemberRequest, staff_required
from lib.decimals import plain
from orders.models import Order
from orders.staff_pages.forms import ReasonForm, form_for
from orders.staff_pages.orders import REJECTED, render_order
from orders.tracking.settle_reviews import end_order, refund_at_end
from orders.tracking.undo_end import undo_end


@staff_required
@require_POST
def staff_order_end(request: MemberRequest, pk: int) -> HttpResponse:
    """End the order where `refund` is what it pays back; else ask for a confirmation of that."""
    order = get_object_or_404(Order.objects.select_related("user"), pk=pk)
    form = form_for("settle", pk, request.POST)
    if form.is_valid():
        wanted = {**form.cleaned_data}
        agreed, reason = wanted.pop("refund"), wanted.pop("reason")
        try:
            refund = refund_at_end(order=order, **wanted)
            if agreed != refund:
                return _ask(request, order, form, refund)
            end_order(order=order, actor=request.user, reason=reason, now=timezone.now(), **wanted)
        except REJECTED as error:
            form.add_error(None, str(error))
        else:
            text = f"Order {pk} ended. {_in_words(refund, order)} You can undo this for a while."
            messages.success(request, text)
            return redirect("staff_order", pk=pk)
    return render_order(request, pk, rejected={"settle": form})


@staff_required
@require_POST
def staff_order_end_preview(request: MemberRequest, pk: int) -> HttpResponse:
    """What the form would pay back now, as a fragment with its button. Ends nothing."""
    order = get_object_or_404(Order.objects.select_related("user"), pk=pk)
    form = form_for("settle", pk, {**request.POST.dict(), "reason": "not yet"})
    context: dict[str, object] = {"order": order, "currency": settings.PANEL_CURRENCY}
    if form.is_valid():
        status, undelivered = form.cleaned_data["status"], form.cleaned_data["undelivered"]
        try:
            context["refund"] = refund_at_end(order=order, status=status, undelivered=undelivered)
        except REJECTED as error:
            context["problem"] = str(error)
    else:
        context["problem"] = " ".join(map(str, form.errors.get("undelivered", [])))
    return HttpResponse(render_to_string("orders/staff/_end_preview.html", context))


@staff_required
@require_POST
def staff_order_end_undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back an end that staff decided by mistake; its errors are shown on the order's page."""
    order = get_object_or_404(Order, pk=pk)
    form = form_for("undo", pk, request.POST)
    if form.is_valid():
        try:
            undo_end(order=order, actor=request.user, now=timezone.now(), **form.cleaned_data)
        except REJECTED as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Order {pk} runs again. Its refund was taken back.")
            return redirect("staff_order", pk=pk)
    return render_order(request, pk, rejected={"undo": form})


def _ask(request: MemberRequest, order: Order, form: ReasonForm, refund: Decimal) -> HttpResponse:
    context = {"order": order, "sent": form.cleaned_data, "refund": refund}
    return render(request, "orders/staff/end_order.html", context)


def _in_words(refund: Decimal, order: Order) -> str:
    if not refund:
        return "Nothing was refunded."
    return f"{plain(refund)} {settings.PANEL_CURRENCY} was refunded to {order.user.email}."
