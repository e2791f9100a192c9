"""Staff pages of providers: all of them, and one: how it behaves, our account there, the words in
which it refuses.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Case, Count, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import MemberRequest, staff_required
from catalog.models import Provider
from catalog.upstream import ProviderError, Reason
from catalog.upstream.error_texts import find_reason
from lib.encryption import CannotUnseal
from lib.query_text import is_id
from orders.forwarding.refusal_texts import (
    MAX_TEXTS,
    NoWord,
    add_word,
    mark_all_seen,
    mark_ambiguous,
    remove_word,
    trust,
    words_of,
)
from orders.models import AttemptState, RejectionText
from orders.unclear.accounts import (
    NothingEntered,
    account_report,
    enter_top_up,
    explain,
    self_test,
)

EFFECTS: Final = {
    Reason.CUSTOMER: "Refunded",
    Reason.NO_FUNDS: "Held",
    Reason.BAD_KEY: "Held",
    Reason.THROTTLED: "Sent later",
}  # what comes of an order that is refused for this reason
DECISIONS: Final[Mapping[str, Callable[..., None]]] = {"doubt": mark_ambiguous, "trust": trust}


class TopUpForm(forms.Form):
    """Money that was paid into our account there."""

    amount = forms.DecimalField(
        max_digits=20,
        decimal_places=8,
        help_text="In the provider's currency. Negative for money that was taken out.",
        error_messages={
            "required": "Amount: enter what was paid in.",
            "invalid": "Amount: enter a number.",
        },
    )
    note = forms.CharField(max_length=300, required=False)


class ExplainForm(forms.Form):
    """What happened on our account there."""

    reason = forms.CharField(
        max_length=300, error_messages={"required": "Reason: say what happened."}
    )


class WordForm(forms.Form):
    """A word or phrase that leaves doubt wherever it stands in a refusal."""

    word = forms.CharField(
        label="Word or phrase",
        max_length=100,
        error_messages={"required": "Word: say which word leaves doubt."},
    )


@staff_required
@require_GET
def staff_providers(request: MemberRequest) -> HttpResponse:
    """All providers with what staff should look at there."""
    unclear = Q(attempts__state=AttemptState.UNKNOWN)
    new = (
        RejectionText.objects.filter(provider=OuterRef("pk"), looked_at=None)
        .order_by()
        .values("provider")
    )
    providers = Provider.objects.select_related("account").annotate(
        unclear=Count("attempts", filter=unclear),
        new_texts=Coalesce(Subquery(new.annotate(number=Count("pk")).values("number")), 0),
    )
    return render(
        request, "orders/staff/providers.html", {"providers": providers.order_by("name", "pk")}
    )


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
            enter_top_up(provider=provider, actor=request.user, **form.cleaned_data)
        except NothingEntered as error:
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
    explain(provider=provider, actor=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, "Explained. The books begin anew at the next reading.")
    return redirect("staff_provider", pk=pk)


@staff_required
@require_POST
def staff_provider_test(request: MemberRequest, pk: int) -> HttpResponse:
    """Test now how it behaves; nothing is changed there."""
    provider = get_object_or_404(Provider, pk=pk)
    try:
        self_test(provider=provider, now=timezone.now())
    except (ProviderError, CannotUnseal) as error:
        messages.error(request, f"It could not be tested: {error}.")
    else:
        messages.success(request, "Tested.")
    return redirect("staff_provider", pk=pk)


@staff_required
@require_POST
def staff_refusal_decide(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Doubt refusals in these words, or trust them again."""
    refusal = get_object_or_404(RejectionText, pk=pk)
    if decision not in DECISIONS:
        raise Http404
    DECISIONS[decision](refusal=refusal, actor=request.user, now=timezone.now())
    done = "are unclear from now on" if decision == "doubt" else "are refunded again"
    messages.success(request, f"Orders refused in these words {done}.")
    return redirect(f"{reverse('staff_provider', args=[refusal.provider_id])}#refusals")


@staff_required
@require_POST
def staff_refusals_seen(request: MemberRequest, pk: int) -> HttpResponse:
    """These refusal texts may stand as they are: they are new no more."""
    provider = get_object_or_404(Provider, pk=pk)
    keys = [int(key) for key in request.POST.getlist("text")[:MAX_TEXTS] if is_id(key)]
    mark_all_seen(provider=provider, keys=keys, actor=request.user, now=timezone.now())
    return redirect(f"{reverse('staff_provider', args=[pk])}#refusals")


@staff_required
@require_POST
def staff_provider_word(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Doubt every refusal with this word in it, or no longer."""
    provider = get_object_or_404(Provider, pk=pk)
    form = WordForm(request.POST)
    if decision not in {"add", "remove"}:
        raise Http404
    if form.is_valid():
        word = form.cleaned_data["word"]
        try:
            if decision == "add":
                add_word(provider=provider, word=word, actor=request.user)
            else:
                remove_word(provider=provider, word=word, actor=request.user)
        except NoWord as error:
            form.add_error("word", str(error))
        else:
            return redirect(f"{reverse('staff_provider', args=[pk])}#words")
    return _page(request, provider, word_form=form)


def _page(
    request: MemberRequest,
    provider: Provider,
    *,
    word_form: WordForm | None = None,
    top_up_form: TopUpForm | None = None,
    explain_form: ExplainForm | None = None,
) -> HttpResponse:
    texts = _refusals(provider)
    context = {
        "provider": provider,
        "report": account_report(provider),
        "refusals": texts,
        "has_new_refusals": any(text.looked_at is None for text, _ in texts),
        "words": words_of(provider),
        "word_form": word_form or WordForm(),
        "top_up_form": top_up_form or TopUpForm(),
        "explain_form": explain_form or ExplainForm(),
    }
    status = 422 if top_up_form or explain_form or word_form else 200
    return render(request, "orders/staff/provider.html", context, status=status)


def _refusals(provider: Provider) -> list[tuple[RejectionText, str]]:
    """The texts with what comes of orders so refused, new ones first, then those met last."""
    texts = RejectionText.objects.filter(provider=provider).select_related("looked_by")
    is_new = Case(When(looked_at=None, then=0), default=1)
    return [(text, _effect(text)) for text in texts.order_by(is_new, "-last_seen_at", "pk")]


def _effect(text: RejectionText) -> str:
    if text.is_doubted:
        return "Unclear"
    return EFFECTS[find_reason(text.example)]
