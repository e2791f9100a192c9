"""Admin page of a provider's exchange rate: what a change would do, then the change."""

from typing import Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, admin_required
from catalog.admin_pages.price_preview import preview_context
from catalog.forms import ExchangeRateField
from catalog.models import Provider
from catalog.prices.exchange_rates import known_exchange_rates
from catalog.prices.margin_rules import TooDear
from catalog.prices.reprice import Preview
from catalog.providers import preview_exchange_rate, set_exchange_rate

TOO_HIGH: Final = "With this rate a price would be too high."


class RateForm(forms.Form):
    """How many units of the panel's currency one unit of another is worth."""

    rate = ExchangeRateField(label="Exchange rate")


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_provider_rate(request: MemberRequest, pk: int) -> HttpResponse:
    """The rate of the provider's currency; GET with a rate shows its effect, POST applies it."""
    provider = get_object_or_404(Provider, pk=pk)
    currency = provider.currency
    if currency == settings.PANEL_CURRENCY:
        messages.info(request, f"{currency} is the panel's currency: its rate is 1.")
        return redirect("admin_provider", pk=pk)
    if request.method != "POST" and "rate" not in request.GET:
        form = RateForm(initial={"rate": known_exchange_rates().get(currency)})
        return _page(request, provider, form)
    form = RateForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return _page(request, provider, form, status=422)
    rate = form.cleaned_data["rate"]
    try:
        if request.method != "POST":
            found = preview_exchange_rate(currency=currency, rate=rate)
            return _page(request, provider, form, preview=found)
        moved = set_exchange_rate(currency=currency, rate=rate, now=timezone.now())
    except TooDear:
        form.add_error("rate", TOO_HIGH)
        return _page(request, provider, form, status=422)
    prices = "1 price has" if moved == 1 else f"{moved:,} prices have"
    messages.success(request, f"Exchange rate saved. {prices} changed.")
    return redirect("admin_provider", pk=pk)


def _page(
    request: MemberRequest,
    provider: Provider,
    form: RateForm,
    *,
    preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    sharing = Provider.objects.filter(currency=provider.currency).order_by("name", "pk")
    context = {
        "provider": provider,
        "form": form,
        "sharing": [each.name for each in sharing],
        **preview_context(preview),
    }
    return render(request, "catalog/admin/exchange_rate.html", context, status=status)
