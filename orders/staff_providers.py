"""The staff page of one provider: how it behaves, the books of our account there, what is unexplained."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MemberRequest, staff_required
from catalog.connecting import open_client
from catalog.models import Provider
from catalog.sealing import CannotUnseal
from catalog.upstream import ProviderError
from orders import alarming, profiling
from orders.baselining import baseline_of, expected
from orders.models import Attempt, AttemptState, Orphan, TopUp

ROWS = 20  # of top-ups and of orphans


class TopUpForm(forms.Form):
    """Money that was paid into our account there."""

    amount = forms.DecimalField(
        max_digits=20,
        decimal_places=8,
        help_text="In the provider's currency. Negative for money that was taken out.",
        error_messages={"required": "Amount: enter what was paid in.", "invalid": "Amount: enter a number."},
    )
    note = forms.CharField(max_length=300, required=False)


class ExplainForm(forms.Form):
    """What happened on our account there."""

    reason = forms.CharField(max_length=300, error_messages={"required": "Reason: say what happened."})


@staff_required
@require_GET
def staff_provider(request: MemberRequest, pk: int) -> HttpResponse:
    """What verdicts on unclear orders rest on at this provider."""
    return _page(request, get_object_or_404(Provider, pk=pk))


@staff_required
@require_POST
def staff_provider_top_up(request: MemberRequest, pk: int) -> HttpResponse:
    """Enter what was paid into our account there."""
    provider = get_object_or_404(Provider, pk=pk)
    form = TopUpForm(request.POST)
    if form.is_valid():
        try:
            alarming.enter_top_up(provider=provider, actor=request.user, **form.cleaned_data)
        except alarming.NothingEntered as error:
            form.add_error("amount", str(error))
        else:
            messages.success(request, "Entered. The books are compared at the next reading.")
            return redirect("staff_provider", pk=pk)
    return _page(request, provider, top_up_form=form)


@staff_required
@require_POST
def staff_provider_explain(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer for what the account holds: its books begin anew."""
    provider = get_object_or_404(Provider, pk=pk)
    form = ExplainForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, explain_form=form)
    alarming.explain(provider=provider, actor=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, "Explained. The books begin anew at the next reading.")
    return redirect("staff_provider", pk=pk)


@staff_required
@require_POST
def staff_provider_test(request: MemberRequest, pk: int) -> HttpResponse:
    """Test now how it behaves; nothing is changed there."""
    provider = get_object_or_404(Provider, pk=pk)
    try:
        with open_client(provider) as client:
            profiling.self_test(provider=provider, client=client, now=timezone.now())
    except (ProviderError, CannotUnseal) as error:
        messages.error(request, f"It could not be tested: {error}.")
    else:
        messages.success(request, "Tested.")
    return redirect("staff_provider", pk=pk)


def _page(
    request: MemberRequest,
    provider: Provider,
    *,
    top_up_form: TopUpForm | None = None,
    explain_form: ExplainForm | None = None,
) -> HttpResponse:
    context = {
        "provider": provider,
        "traits": [
            ("Order ids grow with time", provider.ids_monotonic),
            ("An id that is not ours is an error", provider.foreign_id_is_error),
            ("Charges are net of refunds", provider.charge_is_net),
            ("The balance is exact", provider.balance_exact),
            ("It places an order with the same key once", provider.is_idempotent),
            ("Ids around ours may be read", provider.is_probe_allowed),
        ],
        "lacking": profiling.lacks(provider),
        "baseline": baseline_of(provider),
        "expected": expected(provider),
        "unclear": Attempt.objects.filter(provider=provider, state=AttemptState.UNKNOWN).count(),
        "top_ups": TopUp.objects.filter(provider=provider).select_related("entered_by").order_by("-pk")[:ROWS],
        "orphans": Orphan.objects.filter(provider=provider).select_related("explained_by").order_by("-pk")[:ROWS],
        "top_up_form": top_up_form or TopUpForm(),
        "explain_form": explain_form or ExplainForm(),
    }
    status = 422 if top_up_form or explain_form else 200
    return render(request, "orders/staff_provider.html", context, status=status)
