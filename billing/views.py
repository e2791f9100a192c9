"""The customer's wallet page."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.decorators import MemberRequest, customer_required
from billing.forms import PageForm
from billing.statement import read_statement


@customer_required
@require_GET
def wallet(request: MemberRequest) -> HttpResponse:
    """The balance, how to top up, and every movement."""
    page = PageForm.read(request.GET)
    statement = read_statement(
        owner=request.user, order_url_name="order", before=page.before, after=page.after
    )
    return render(
        request,
        "billing/wallet.html",
        {"statement": statement, "instructions": settings.TOP_UP_INSTRUCTIONS},
    )
