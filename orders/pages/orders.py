"""Customers' order pages: the list, one order, requesting a refill or a cancellation."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import MemberRequest, customer_required
from lib.decimals import plain
from lib.keyset import Page
from lib.query_text import is_id
from orders.aftercare import requests as aftercare_requests
from orders.aftercare.requests import AlreadyOpen, NotOffered, can_cancel
from orders.models import Order
from orders.pages.order_list import PAGE, TABS, find_orders, page_of
from orders.pages.order_view import rows_of, sheet_of, with_requests


@customer_required
@require_GET
def orders(request: MemberRequest) -> HttpResponse:
    """The customer's orders by status tab and search, newest first."""
    tab, query = request.GET.get("tab", "all"), request.GET.get("q", "").strip()
    if tab not in TABS:
        raise Http404
    found = find_orders(orders=with_requests(request.user.orders.all()), tab=tab, query=query)
    page = page_of(
        orders=found,
        older_than=request.GET.get("before", ""),
        newer_than=request.GET.get("after", ""),
    )
    rows = rows_of(page.rows)
    context = {
        "rows": rows,
        "live_ids": [row.order.pk for row in rows if row.is_live],
        "tab": tab,
        "query": query,
        "tabs": [
            {
                "label": label,
                "url": _list_url(tab=key, q=query),
                "is_current": key == tab,
                "count": None,
            }
            for key, (label, _) in TABS.items()
        ],
        **_pager(page, tab=tab, query=query),
    }
    return render(request, "orders/customer/orders.html", context)


@customer_required
@require_GET
def orders_live(request: MemberRequest) -> HttpResponse:
    """The rows of a page that could still change."""
    ids = [int(text) for text in request.GET.get("ids", "").split(",") if is_id(text)][:PAGE]
    rows = rows_of(with_requests(request.user.orders.filter(pk__in=ids)).newest_first())
    context = {"rows": rows, "live_ids": [row.order.pk for row in rows if row.is_live]}
    return render(request, "orders/customer/_orders_live.html", context)


@customer_required
@require_GET
def order(request: MemberRequest, pk: int) -> HttpResponse:
    """One of the customer's orders; anyone else's is a 404."""
    return _order_page(request, _own_order(request, pk))


@customer_required
@require_POST
def order_refill(request: MemberRequest, pk: int) -> HttpResponse:
    """Request a refill."""

    def ask(own: Order) -> str:
        aftercare_requests.request_refill(order=own, actor=request.user, now=timezone.now())
        return f"Refill of order {own.pk} requested."

    return _ask(request, _own_order(request, pk), ask)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Confirm (GET), then cancel the order or request it from the provider (POST)."""

    def ask(own: Order) -> str:
        is_request = aftercare_requests.request_cancel(
            order=own, actor=request.user, now=timezone.now()
        )
        return (
            f"Cancellation of order {own.pk} requested."
            if is_request
            else f"Order {own.pk} canceled and refunded."
        )

    own = _own_order(request, pk)
    if request.method == "POST":
        return _ask(request, own, ask)
    if not can_cancel(own):
        messages.error(request, f"Order {own.pk} cannot be canceled at this point.")
        return redirect("order", pk=own.pk)
    return render(request, "confirm.html", _cancel_question(own))


def _own_order(request: MemberRequest, pk: int) -> Order:
    return get_object_or_404(with_requests(request.user.orders.all()), pk=pk)


def _ask(request: MemberRequest, own: Order, ask: Callable[[Order], str]) -> HttpResponse:
    try:
        answer = ask(own)
    except (NotOffered, AlreadyOpen) as error:
        messages.error(request, str(error))
        return _order_page(request, own, status=422)
    messages.success(request, answer)
    return redirect("order", pk=own.pk)


def _order_page(request: MemberRequest, own: Order, *, status: int = 200) -> HttpResponse:
    template = "orders/customer/_order.html" if request.htmx else "orders/customer/order.html"
    return render(
        request, template, {"sheet": sheet_of(own, now=timezone.now()), "order": own}, status=status
    )


def _cancel_question(own: Order) -> dict[str, object]:
    is_unsent = aftercare_requests.is_unsent(own)
    money = f"{plain(own.charge)} {settings.PANEL_CURRENCY}"
    return {
        "title": f"Cancel order {own.pk}",
        "question": f"Cancel order {own.pk}?",
        "details": [
            f"It has not been sent yet. It ends at once and {money} is refunded to your balance."
            if is_unsent
            else "We ask the supplier to stop it. Whatever has not been delivered by then is "
            "refunded.",
        ],
        "action": "Cancel order",
        "cancel_url": reverse("order", args=[own.pk]),
        "is_destructive": True,
    }


def _pager(page: Page[Order], *, tab: str, query: str) -> dict[str, str]:
    newer, older = page.newer_than, page.older_than
    return {
        "newer_url": _list_url(tab=tab, q=query, after=newer) if newer else "",
        "older_url": _list_url(tab=tab, q=query, before=older) if older else "",
    }


def _list_url(**filters: str | int) -> str:
    given = {
        name: value for name, value in filters.items() if value and (name, value) != ("tab", "all")
    }
    return reverse("orders") + (f"?{urlencode(given)}" if given else "")
