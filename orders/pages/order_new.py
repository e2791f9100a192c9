"""The page for a new order: choose a service, fill in its fields, see the charge, order."""

from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, customer_required
from billing.ledger import InsufficientFunds
from catalog.models import Service
from catalog.upstream.service_types import find
from lib.decimals import plain
from lib.query_text import is_id
from orders.jobs.wake_worker import ring
from orders.lifecycle.charge_text import unit
from orders.lifecycle.costs import worth
from orders.models import Order
from orders.pages.order_form import OrderForm
from orders.pages.service_choice import Choice, choose, ordered_lately
from orders.placing.check_fields import FieldErrors
from orders.placing.free_orders import FreeLimitReached
from orders.placing.link_rule import with_link_rules
from orders.placing.open_links import find_overlap
from orders.placing.place_order import KeyReused, NotOnSale, PriceChanged, place_order
from orders.placing.price_quote import forecast, quote, read_quote
from orders.placing.subscription_cover import NotCovered


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_new(request: MemberRequest) -> HttpResponse:
    """Choose a service (GET) and order it (POST). The same form sent twice is one order."""
    if request.method == "POST":
        return _order(request)
    choice = choose(
        query=request.GET.get("q", ""),
        category_id=request.GET.get("category", ""),
        service_id=request.GET.get("service", ""),
    )
    form = OrderForm(service=choice.service, customer=request.user) if choice.service else None
    return _page(request, choice=choice, form=form)


def _order(request: MemberRequest) -> HttpResponse:
    service_id = request.POST.get("service", "")
    services = with_link_rules(Service.objects.all())
    service = services.filter(pk=int(service_id)).first() if is_id(service_id) else None
    if service is None or find(service.type) is None:
        return _without_service(request, "This service is no longer available.")
    form = OrderForm(request.POST, service=service, customer=request.user)
    if "use_link" in request.POST:
        form.renew(link=request.POST["use_link"])
    form.is_valid()
    if "review" in request.POST or "use_link" in request.POST:
        form.check(service=service)
        return _again(request, form=form, service_id=service_id)
    try:
        placed = _place(request, service=service, form=form)
    except NotOnSale as reason:
        return _without_service(request, str(reason))
    if placed is None:
        return _again(request, form=form, service_id=service_id)
    transaction.on_commit(ring, robust=True)
    each = " per post" if placed.is_subscription else ""
    messages.success(request, f"Order {placed.pk} placed for {_words(worth(placed))}{each}.")
    return redirect("order", pk=placed.pk)


def _place(request: MemberRequest, *, service: Service, form: OrderForm) -> Order | None:
    """The placed order, or None if the form now shows why there is none. Raises NotOnSale."""
    if form.key is None:
        form.renew(idempotency_key=str(uuid4()))
        return None
    quoted = read_quote(text=form.cleaned_data["quote"], customer=request.user, service=service)
    if quoted is None:
        form.add_error(
            None, "Nothing has been ordered yet. Please check the price and order again."
        )
        return None
    fault = form.find_link_fault(service=service)
    if fault:
        form.question_link(fault)
        return None
    overlap = find_overlap(
        customer=request.user, link=form.values.get("link", ""), but_key=form.key
    )
    if overlap and not form.cleaned_data["is_overlap_accepted"]:
        form.warn_of(overlap)
        return None
    try:
        return place_order(
            customer=request.user,
            service=service,
            values=form.values,
            now=timezone.now(),
            client_key=str(form.key),
            quoted_price=quoted,
        )
    except FreeLimitReached as reached:
        form.add_error(None, str(reached))
    except FieldErrors as errors:
        form.show(errors)
    except InsufficientFunds as short:
        form.add_error(None, _shortage(short))
    except PriceChanged as change:
        form.add_error(None, _risen(change, unit(service)))
    except KeyReused:
        form.renew(idempotency_key=str(uuid4()))
        form.add_error(
            None, "This form has already placed an order. Order again to place another one."
        )
    return None


def _again(request: MemberRequest, *, form: OrderForm, service_id: str) -> HttpResponse:
    """The page again with the current price, which the customer accepts by ordering again."""
    choice = choose(query="", category_id="", service_id=service_id)
    if choice.service is None:
        return _without_service(request, "This service is no longer available.")
    form.renew(quote=quote(customer=request.user, service=choice.service))
    return _page(request, choice=choice, form=form, status=422 if form.errors else 200)


def _without_service(request: MemberRequest, reason: str) -> HttpResponse:
    messages.error(request, f"{reason} Nothing was charged.")
    return _page(
        request, choice=choose(query="", category_id="", service_id=""), form=None, status=422
    )


def _page(
    request: MemberRequest, *, choice: Choice, form: OrderForm | None, status: int = 200
) -> HttpResponse:
    template = (
        "orders/customer/_order_new_live.html" if request.htmx else "orders/customer/order_new.html"
    )
    context: dict[str, object] = {"choice": choice, "form": form}
    if form is None:
        context["lately"] = ordered_lately(request.user)
    elif choice.service:
        context["forecast"] = forecast(
            customer=request.user, service=choice.service, values=form.values
        )
    return render(request, template, context, status=status)


def _risen(change: PriceChanged, unit_text: str) -> str:
    return (
        f"The price has risen from {_words(change.old)} to {_words(change.new)} {unit_text}."
        " Nothing was charged. Order again to accept the new price."
    )


def _shortage(short: InsufficientFunds) -> str:
    if isinstance(short, NotCovered):
        others = f", of which {_words(short.others)} for your open ones" if short.others else ""
        return (
            "Your balance must cover the next posts of all your subscriptions: "
            f"{_words(short.amount)} needed{others}, {_words(short.available)} available."
        )
    return (
        f"Your balance is too low: {_words(short.amount)} needed, "
        f"{_words(short.available)} available."
    )


def _words(amount: Decimal) -> str:
    return f"{plain(amount)} {settings.PANEL_CURRENCY}"
