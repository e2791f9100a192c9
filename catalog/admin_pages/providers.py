"""Admin pages of providers: add, change, pause, resume, sync."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import MemberRequest, admin_required
from catalog.first_contact import FirstContact, ask_provider
from catalog.forms import PauseForm, ProviderChangeForm, ProviderForm
from catalog.models import LOWEST_PRICE, MarginRule, Provider, SyncRun
from catalog.prices.exchange_rates import known_exchange_rates
from catalog.providers import (
    NameTaken,
    add_provider,
    change_provider,
    pause_provider,
    resume_provider,
    want_sync,
)
from catalog.status_words import unknown_statuses
from catalog.tasks import nudge_sync
from lib.decimals import plain
from lib.encryption import CannotUnseal, unseal

MAX_RUNS = 10  # last syncs on a provider's page
# as ServiceQuerySet.to_review
NEEDS_REVIEW = ~Q(services__review_reason="") | Q(
    services__price__lt=LOWEST_PRICE, services__free_per_day=None
)


@admin_required
@require_safe
def admin_providers(request: MemberRequest) -> HttpResponse:
    """All providers with their services and last sync."""
    listed = Q(services__withdrawn_at=None)
    providers = Provider.objects.annotate(
        listed=Count("services", filter=listed),
        waiting=Count("services", filter=listed & NEEDS_REVIEW),
    ).order_by("name", "pk")
    last_runs = {
        run.provider_id: run
        for run in SyncRun.objects.order_by("provider", "-started_at", "-pk").distinct("provider")
    }
    rows = [{"provider": provider, "run": last_runs.get(provider.pk)} for provider in providers]
    context = {"rows": rows, "unknown_statuses": unknown_statuses()}
    return render(request, "catalog/admin/providers.html", context)


@sensitive_post_parameters("key")
@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_provider_new(request: MemberRequest) -> HttpResponse:
    """Add a provider, once it has answered; its first sync starts at once."""
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        contact = ask_provider(form)
        if contact and form.settle_currency(contact.currency):
            provider = _add(request, form, contact)
            if provider:
                return redirect("admin_provider", pk=provider.pk)
    return render(
        request,
        "catalog/admin/provider_new.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@sensitive_post_parameters("key")
@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_provider(request: MemberRequest, pk: int) -> HttpResponse:
    """One provider: state, last syncs, and the form to change it."""
    provider = get_object_or_404(Provider, pk=pk)
    if request.method != "POST":
        return _page(
            request, provider, form=ProviderChangeForm(known=provider, initial=_initial(provider))
        )
    form = ProviderChangeForm(request.POST, known=provider)
    if form.is_valid() and _still_answers(form, provider):
        try:
            change_provider(provider=provider, **form.cleaned_data, now=timezone.now())
        except NameTaken as error:
            form.add_error("name", f"{error}.")
        else:
            messages.success(request, "Saved.")
            return redirect("admin_provider", pk=pk)
    return _page(request, Provider.objects.get(pk=pk), form=form, status=422)


def _still_answers(form: ProviderChangeForm, provider: Provider) -> bool:
    """Whether another address or key was tested, where the form names one."""
    if not form.is_elsewhere:
        return True
    try:
        stored_key = "" if form.cleaned_data["key"] else unseal(provider.sealed_key)
    except CannotUnseal as error:
        form.add_error("key", f"{error}.")
        return False
    return ask_provider(form, stored_key=stored_key) is not None


@admin_required
@require_POST
def admin_provider_pause(request: MemberRequest, pk: int) -> HttpResponse:
    """Pause it, with a reason for staff."""
    provider = get_object_or_404(Provider, pk=pk)
    pause_form = PauseForm(request.POST)
    if not pause_form.is_valid():
        form = ProviderChangeForm(known=provider, initial=_initial(provider))
        return _page(request, provider, form=form, pause_form=pause_form, status=422)
    pause_provider(provider=provider, reason=pause_form.cleaned_data["reason"], now=timezone.now())
    messages.success(request, f"{provider.name} paused. Its orders wait.")
    return redirect("admin_provider", pk=pk)


@admin_required
@require_POST
def admin_provider_resume(request: MemberRequest, pk: int) -> HttpResponse:
    """Send orders to it again."""
    provider = get_object_or_404(Provider, pk=pk)
    resume_provider(provider=provider)
    messages.success(request, f"{provider.name} resumed. Its orders are sent again.")
    return redirect("admin_provider", pk=pk)


@admin_required
@require_POST
def admin_provider_sync(request: MemberRequest, pk: int) -> HttpResponse:
    """Have a worker sync its catalog now."""
    provider = get_object_or_404(Provider, pk=pk)
    want_sync(provider=provider, now=timezone.now())
    _sync_soon(provider)
    messages.success(
        request, f"The catalog of {provider.name} is being synced. Reload this page in a moment."
    )
    return redirect("admin_provider", pk=pk)


def _add(request: MemberRequest, form: ProviderForm, contact: FirstContact) -> Provider | None:
    try:
        provider = add_provider(
            **form.cleaned_data, contact=contact, actor=request.user, now=timezone.now()
        )
    except NameTaken as error:
        form.add_error("name", f"{error}.")
        return None
    _sync_soon(provider)
    messages.success(
        request,
        f"{provider.name} added: balance {plain(contact.balance)} {provider.currency},"
        f" {contact.services:,} services. Its catalog is being synced.",
    )
    return provider


def _sync_soon(provider: Provider) -> None:
    transaction.on_commit(partial(nudge_sync, provider_id=provider.pk), robust=True)


def _page(
    request: MemberRequest,
    provider: Provider,
    *,
    form: ProviderChangeForm,
    pause_form: PauseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "provider": provider,
        "form": form,
        "pause_form": pause_form or PauseForm(),
        "runs": SyncRun.objects.filter(provider=provider).order_by("-started_at", "-pk")[:MAX_RUNS],
        "exchange_rate": known_exchange_rates().get(provider.currency),
        "margin": MarginRule.objects.filter(provider=provider).first(),
        "on_sale": provider.services.on_sale().count(),
        "waiting": provider.services.to_review().count(),
    }
    return render(request, "catalog/admin/provider.html", context, status=status)


def _initial(provider: Provider) -> dict[str, object]:
    names = (
        "name",
        "url",
        "is_review_first",
        "is_probe_allowed",
        "is_idempotent",
        "is_429_unclear",
        "dripfeed",
    )
    return {name: getattr(provider, name) for name in names}
