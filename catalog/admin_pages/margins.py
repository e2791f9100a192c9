"""Admin page of margins: all rules, and changes with a preview."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from catalog.forms import FixedField, PercentField
from catalog.models import Category, MarginRule, MarginScope, Provider, Service
from catalog.prices.margin_rules import TooDear
from catalog.prices.reprice import open_rulebook
from catalog.prices.set_margin import (
    Preview,
    RuleNeeded,
    Target,
    preview_margin,
    remove_margin,
    set_margin,
)

MAX_SHOWN: Final = 100  # rows of a preview: those that change most
TOO_HIGH: Final = "With this margin a price would be too high."


class MarginForm(forms.Form):
    """A margin and the services that it is for."""

    scope = forms.ChoiceField(label="For", choices=MarginScope.choices)
    provider = forms.ModelChoiceField(
        Provider.objects.order_by("name"), required=False, empty_label="–"
    )
    category = forms.ModelChoiceField(
        Category.objects.order_by("position", "pk"), required=False, empty_label="–"
    )
    service = forms.IntegerField(label="Service ID", required=False, min_value=1, max_value=2**62)
    percent = PercentField(label="Percent", help_text="Added to the cost.")
    fixed = FixedField(
        label="Fixed amount", initial=0, help_text="Per 1,000, or per order for packages."
    )

    def clean(self) -> dict[str, Any]:
        """The scope's target is required; the others are ignored."""
        cleaned: dict[str, Any] = super().clean() or {}
        scope = cleaned.get("scope")
        if scope in {None, MarginScope.ALL} or scope in self.errors:
            return cleaned
        if cleaned.get(scope) is None:
            self.add_error(scope, f"Choose the {scope}.")
        elif scope == MarginScope.SERVICE:
            cleaned["service"] = Service.objects.filter(pk=cleaned["service"]).first()
            if cleaned["service"] is None:
                self.add_error("service", "No service has this ID.")
        return cleaned

    @property
    def target(self) -> Target:
        """The target of a valid form; None: all services."""
        scope = self.cleaned_data["scope"]
        target: Target = None if scope == MarginScope.ALL else self.cleaned_data[scope]
        return target


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of a preview."""

    service: Service
    cost: Decimal
    before: Decimal
    after: Decimal


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_margins(request: MemberRequest) -> HttpResponse:
    """All rules; GET with values shows a preview, POST applies it."""
    if request.method == "POST":
        return _apply(request)
    if "percent" not in request.GET:
        return _page(request, form=MarginForm(initial=request.GET.dict()))
    form = MarginForm(request.GET)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    values = form.cleaned_data
    try:
        found = preview_margin(target=form.target, percent=values["percent"], fixed=values["fixed"])
    except TooDear:
        form.add_error("percent", TOO_HIGH)
        return _page(request, form=form, status=422)
    return _page(request, form=form, preview=found)


@admin_required
@require_POST
def admin_margin_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Remove a rule; the next broader one applies."""
    rule = get_object_or_404(MarginRule, pk=pk)
    try:
        remove_margin(rule=rule, actor=request.user, now=timezone.now())
    except RuleNeeded as reason:
        messages.error(request, f"{reason}.")
    else:
        messages.success(request, "Margin removed. The next broader rule now applies.")
    return redirect("admin_margins")


def _apply(request: MemberRequest) -> HttpResponse:
    form = MarginForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    values = form.cleaned_data
    try:
        rule = set_margin(
            target=form.target,
            percent=values["percent"],
            fixed=values["fixed"],
            actor=request.user,
            now=timezone.now(),
        )
    except TooDear:
        form.add_error("percent", TOO_HIGH)
        return _page(request, form=form, status=422)
    messages.success(request, f"Margin set: {rule}. Prices are updated.")
    return redirect("admin_margins")


def _page(
    request: MemberRequest, *, form: MarginForm, preview: Preview | None = None, status: int = 200
) -> HttpResponse:
    open_rulebook()  # creates the rule for all services if there is none
    rules = (
        MarginRule.objects.select_related("provider", "category", "service", "updated_by")
        .annotate(services=Count("priced_services", filter=Q(priced_services__withdrawn_at=None)))
        .order_by("scope", "provider__name", "category__position", "category_id", "service_id")
    )
    widest_first = sorted(rules, key=lambda rule: MarginScope.values.index(rule.scope))
    context = {
        "form": form,
        "rules": widest_first,
        "preview": preview,
        "rows": _rows(preview) if preview else [],
        "shown": MAX_SHOWN,
    }
    return render(request, "catalog/admin/margins.html", context, status=status)


def _rows(preview: Preview) -> list[PriceRow]:
    """The prices that change most, in proportion."""
    moved = sorted(
        preview.moved,
        key=lambda row: (
            abs(row.priced.price - row.price_before) / max(row.price_before, Decimal("0.00000001"))
        ),
        reverse=True,
    )[:MAX_SHOWN]
    services = Service.objects.in_bulk([row.service for row in moved])
    return [
        PriceRow(
            service=services[row.service],
            cost=row.priced.cost,
            before=row.price_before,
            after=row.priced.price,
        )
        for row in moved
    ]
