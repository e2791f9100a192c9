"""The page of a mass order: paste lines, check each, order those that can be ordered."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, customer_required
from catalog.models import Service
from catalog.upstream.service_types import TYPES
from lib.decimals import plain
from orders.jobs.wake_worker import ring
from orders.lifecycle.charge_text import unit
from orders.mass_order.check import check_lines
from orders.mass_order.form import MAX_LINES, MassOrderForm
from orders.mass_order.lines import MassCheck
from orders.mass_order.offer import Offer, new_key, read_offer, sign_offer
from orders.mass_order.parse import fields_of, pattern
from orders.mass_order.place import place_lines

PATTERNS: Final = [
    (kind.name, pattern(kind), fields_of(kind)) for kind in TYPES if kind.is_sellable
]
CHANGED: Final = (
    "The lines changed after they were checked. Nothing was ordered. Please check and order again."
)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_mass(request: MemberRequest) -> HttpResponse:
    """Check pasted lines, or order those that can be; the same offer sent twice orders once."""
    if request.method != "POST":
        return _page(request, form=MassOrderForm())
    form = MassOrderForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    return _order(request, form=form) if "order" in request.POST else _check(request, form=form)


def _check(request: MemberRequest, *, form: MassOrderForm, notice: str = "") -> HttpResponse:
    key, text = new_key(), form.cleaned_data["text"]
    check = check_lines(customer=request.user, lines=form.lines, key=key, now=timezone.now())
    offer = sign_offer(customer=request.user, text=text, key=key, check=check)
    return _page(
        request, form=form, check=check, offer=offer, notice=notice, status=422 if notice else 200
    )


def _order(request: MemberRequest, *, form: MassOrderForm) -> HttpResponse:
    data = form.cleaned_data
    offer = read_offer(offer=data["offer"], customer=request.user, text=data["text"])
    if offer is None:
        return _check(request, form=form, notice=CHANGED)
    now = timezone.now()
    check = check_lines(customer=request.user, lines=form.lines, key=offer.key, now=now)
    risen = _risen(check, offer)
    if risen:
        return _check(request, form=form, notice=risen)
    wanted = check.ready_and_repeats if request.POST["order"] == "all" else check.ready
    placed = place_lines(customer=request.user, lines=check.ordered + wanted, offer=offer, now=now)
    done = check.replaced(placed)
    if done.ordered:
        transaction.on_commit(ring, robust=True)
    rest = MassOrderForm(initial={"text": "\n".join(line.line.text for line in done.unordered)})
    return _page(request, form=rest, check=done, is_done=True, status=200 if done.ordered else 422)


def _risen(check: MassCheck, offer: Offer) -> str:
    """Which prices rose since they were shown; empty where none did."""
    services = {line.service for line in check.ready_and_repeats if line.service}
    said = [_rise(service, offer) for service in sorted(services, key=lambda one: one.pk)]
    rises = " ".join(filter(None, said))
    return f"{rises} Nothing was ordered. Order again if you agree." if rises else ""


def _rise(service: Service, offer: Offer) -> str:
    old = offer.prices.get(service.pk)
    if old is None:
        return f"Service {service.pk} went on sale meanwhile."
    if service.price <= old:
        return ""
    money = f"{plain(old)} to {plain(service.price)} {settings.PANEL_CURRENCY} {unit(service)}"
    return f"The price of service {service.pk} rose from {money}."


def _page(
    request: MemberRequest, *, form: MassOrderForm, status: int = 200, **context: object
) -> HttpResponse:
    template = (
        "orders/customer/_mass_order_check.html"
        if request.htmx
        else "orders/customer/mass_order.html"
    )
    context |= {"form": form, "patterns": PATTERNS, "most_lines": MAX_LINES}
    return render(request, template, context, status=status)
