"""Admin page of margins: all rules, and changes with a preview."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, admin_required
from catalog.admin_pages.price_preview import preview_context
from catalog.forms import FixedField, PercentField
from catalog.models import Category, MarginRule, MarginScope, Provider, Service
from catalog.prices.margin_rules import TooDear
from catalog.prices.reprice import Preview, open_rulebook
from catalog.prices.set_margin import (
    RuleNeeded,
    Target,
    preview_margin,
    preview_removal,
    remove_margin,
    set_margin,
)

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
@require_http_methods(["GET", "HEAD", "POST"])
def admin_margin_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what removing a rule would change; POST removes it, and the next broader one applies."""
    rule = get_object_or_404(MarginRule, pk=pk)
    try:
        if request.method != "POST":
            found = preview_removal(rule=rule)
            return _page(request, form=MarginForm(), preview=found, removed=rule)
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
    request: MemberRequest,
    *,
    form: MarginForm,
    preview: Preview | None = None,
    removed: MarginRule | None = None,
    status: int = 200,
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
        "removed": removed,
        **preview_context(preview),
    }
    return render(request, "catalog/admin/margins.html", context, status=status)
