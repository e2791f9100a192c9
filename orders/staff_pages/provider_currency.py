"""Admin page: what a provider's currency is, once its replies have named another one."""

from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, admin_required
from catalog.change_currency import NothingToDecide, keep_currency
from catalog.currencies import code_of
from catalog.forms import CurrencyField, ExchangeRateField
from catalog.models import Provider
from catalog.prices.exchange_rates import known_exchange_rates
from catalog.prices.margin_rules import TooDear
from catalog.tasks import nudge_sync
from orders.unclear.accounts import change_currency


class CurrencyForm(forms.Form):
    """The currency that the provider counts in from now on."""

    currency = CurrencyField(label="Currency")
    exchange_rate = ExchangeRateField(required=False)

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        panel, code = settings.PANEL_CURRENCY, code_of(provider.other_currency)
        self.fields["currency"].initial = code
        rate = self.fields["exchange_rate"]
        rate.help_text = f"One unit in {panel}. Leave empty if the panel knows it."
        if known := known_exchange_rates().get(code):
            rate.help_text = f"The panel knows it: 1 {code} = {known.normalize():f} {panel}."

    def clean(self) -> dict[str, Any]:
        """Another currency than the stored one, with a rate where none is known."""
        cleaned: dict[str, Any] = super().clean() or {}
        currency, rate = cleaned.get("currency"), cleaned.get("exchange_rate")
        if not currency or self.errors:
            return cleaned
        known = known_exchange_rates().get(currency)
        if currency == self.provider.currency:
            self.add_error("currency", f"{currency} is stored already: keep it below.")
        elif known is None and rate is None:
            self.add_error(
                "exchange_rate",
                f"Enter how many {settings.PANEL_CURRENCY} one {currency} is worth.",
            )
        elif known is not None and rate not in {None, known}:
            self.add_error(
                "exchange_rate", f"The panel knows the rate of {currency}. Leave this empty."
            )
        return cleaned

    @property
    def new_rate(self) -> Decimal | None:
        """The exchange rate of a valid form, where the panel knows none."""
        known = self.cleaned_data["currency"] in known_exchange_rates()
        rate: Decimal | None = None if known else self.cleaned_data["exchange_rate"]
        return rate


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_provider_currency(request: MemberRequest, pk: int) -> HttpResponse:
    """Why orders and syncs wait; keep the stored currency, or switch to the new one."""
    provider = get_object_or_404(Provider, pk=pk)
    if not provider.other_currency:
        messages.info(request, f"Nothing to decide: {provider.name} is in {provider.currency}.")
        return redirect("admin_provider", pk=pk)
    if request.method != "POST":
        return _page(request, provider, CurrencyForm(provider=provider))
    form = CurrencyForm(request.POST, provider=provider)
    word = request.POST.get("word", "")
    try:
        if "keep" in request.POST:
            keep_currency(provider=provider, word=word)
            messages.success(request, f"{provider.currency} stays. Orders and syncs go on.")
        elif form.is_valid():
            _switch(request, provider, word=word, form=form)
        else:
            return _page(request, provider, form, status=422)
    except NothingToDecide as error:
        messages.error(request, str(error))
    except TooDear:
        form.add_error("exchange_rate", "With this rate a price would be too high.")
        return _page(request, provider, form, status=422)
    return redirect("admin_provider", pk=pk)


def _switch(request: MemberRequest, provider: Provider, *, word: str, form: CurrencyForm) -> None:
    currency = form.cleaned_data["currency"]
    change_currency(
        provider=provider,
        word=word,
        currency=currency,
        exchange_rate=form.new_rate,
        actor=request.user,
        now=timezone.now(),
    )
    transaction.on_commit(partial(nudge_sync, provider_id=provider.pk), robust=True)
    messages.success(request, f"{provider.name} is in {currency} now. Its prices are being synced.")


def _page(
    request: MemberRequest, provider: Provider, form: CurrencyForm, *, status: int = 200
) -> HttpResponse:
    context = {"provider": provider, "form": form}
    return render(request, "orders/staff/provider_currency.html", context, status=status)
