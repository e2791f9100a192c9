"""Staff pages of providers: behaviour, account balance and rejection messages of each."""

from dataclasses import dataclass
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
from catalog.upstream.error_texts import is_ambiguous
from catalog.upstream.known_messages import meaning_of
from lib.encryption import CannotUnseal
from lib.query_text import is_id
from orders.forwarding.refusal_texts import (
    MAX_TEXTS,
    REASONS,
    UnusablePhrase,
    add_phrase,
    decide_meaning,
    mark_all_seen,
    phrases_of,
    remove_phrase,
)
from orders.forwarding.rejection_checks import settle_decided
from orders.models import AttemptState, Meaning, RejectionText
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
    Reason.UNKNOWN: "Held until known",
}  # what comes of an order that is rejected for this reason


class MeaningForm(forms.Form):
    """What a rejection message means."""

    meaning = forms.ChoiceField(choices=Meaning.choices)


class TopUpForm(forms.Form):
    """A top-up of our account there."""

    amount = forms.DecimalField(
        max_digits=20,
        decimal_places=8,
        help_text="In the provider's currency. Negative for money taken out.",
        error_messages={
            "required": "Amount: enter what you paid in.",
            "invalid": "Amount: enter a number.",
        },
    )
    note = forms.CharField(max_length=300, required=False)


class ExplainForm(forms.Form):
    """What happened on our account there."""

    reason = forms.CharField(
        max_length=300, error_messages={"required": "Reason: say what happened."}
    )


class PhraseForm(forms.Form):
    """A phrase that makes any rejection message with it ambiguous."""

    word = forms.CharField(
        label="Word or phrase",
        max_length=100,
        error_messages={"required": "Phrase: enter a word or phrase."},
    )


@staff_required
@require_GET
def staff_providers(request: MemberRequest) -> HttpResponse:
    """All providers with what staff should look at."""
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
    """How one provider behaves, our account there, and its rejection messages."""
    return _page(request, get_object_or_404(Provider, pk=pk))


@staff_required
@require_POST
def staff_provider_top_up(request: MemberRequest, pk: int) -> HttpResponse:
    """Record what was paid into our account there."""
    provider = get_object_or_404(Provider, pk=pk)
    form = TopUpForm(request.POST)
    if form.is_valid():
        try:
            enter_top_up(provider=provider, actor=request.user, **form.cleaned_data)
        except NothingEntered as error:
            form.add_error("amount", str(error))
        else:
            messages.success(request, "Top-up recorded. The balance is checked at the next run.")
            return redirect("staff_provider", pk=pk)
    return _page(request, provider, top_up_form=form)


@staff_required
@require_POST
def staff_provider_explain(request: MemberRequest, pk: int) -> HttpResponse:
    """Explain what changed in the account; its baseline is reset."""
    provider = get_object_or_404(Provider, pk=pk)
    form = ExplainForm(request.POST)
    if not form.is_valid():
        return _page(request, provider, explain_form=form)
    explain(provider=provider, actor=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, "Baseline will be reset at the next run.")
    return redirect("staff_provider", pk=pk)


@staff_required
@require_POST
def staff_provider_test(request: MemberRequest, pk: int) -> HttpResponse:
    """Run the self-test now; nothing is changed there."""
    provider = get_object_or_404(Provider, pk=pk)
    try:
        self_test(provider=provider, now=timezone.now())
    except (ProviderError, CannotUnseal) as error:
        messages.error(request, f"The self-test failed: {error}.")
    else:
        messages.success(request, "Self-test done.")
    return redirect("staff_provider", pk=pk)


@staff_required
@require_POST
def staff_refusal_decide(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what a rejection message means; orders held for it follow at once."""
    rejection = get_object_or_404(RejectionText.objects.select_related("provider"), pk=pk)
    form = MeaningForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Meaning: choose one.")
    else:
        meaning, now = Meaning(form.cleaned_data["meaning"]), timezone.now()
        decide_meaning(rejection=rejection, meaning=meaning, actor=request.user, now=now)
        count = settle_decided(rejection=rejection, meaning=meaning, actor=request.user, now=now)
        followed = f" {count} held order{'s' * (count != 1)} followed." if count else ""
        messages.success(request, f"Saved. {meaning.label}.{followed}")
    return redirect(f"{reverse('staff_provider', args=[rejection.provider_id])}#refusals")


@staff_required
@require_POST
def staff_refusals_seen(request: MemberRequest, pk: int) -> HttpResponse:
    """Staff have seen these rejection messages: they are not new any more."""
    provider = get_object_or_404(Provider, pk=pk)
    keys = [int(key) for key in request.POST.getlist("text")[:MAX_TEXTS] if is_id(key)]
    mark_all_seen(provider=provider, keys=keys, actor=request.user, now=timezone.now())
    return redirect(f"{reverse('staff_provider', args=[pk])}#refusals")


@staff_required
@require_POST
def staff_provider_word(request: MemberRequest, pk: int, decision: str) -> HttpResponse:
    """Add an ambiguous phrase, or remove it."""
    provider = get_object_or_404(Provider, pk=pk)
    form = PhraseForm(request.POST)
    if decision not in {"add", "remove"}:
        raise Http404
    if form.is_valid():
        phrase = form.cleaned_data["word"]
        try:
            if decision == "add":
                add_phrase(provider=provider, phrase=phrase, actor=request.user)
            else:
                remove_phrase(provider=provider, phrase=phrase, actor=request.user)
        except UnusablePhrase as error:
            form.add_error("word", str(error))
        else:
            return redirect(f"{reverse('staff_provider', args=[pk])}#words")
    return _page(request, provider, phrase_form=form)


def _page(
    request: MemberRequest,
    provider: Provider,
    *,
    phrase_form: PhraseForm | None = None,
    top_up_form: TopUpForm | None = None,
    explain_form: ExplainForm | None = None,
) -> HttpResponse:
    texts = _rejections(provider)
    context = {
        "provider": provider,
        "report": account_report(provider),
        "rejections": texts,
        "meanings": Meaning.choices,
        "to_keep": [
            row.rejection
            for row in texts
            if row.rejection.looked_at is None and not row.is_undecided
        ],
        "phrases": phrases_of(provider),
        "phrase_form": phrase_form or PhraseForm(),
        "top_up_form": top_up_form or TopUpForm(),
        "explain_form": explain_form or ExplainForm(),
    }
    status = 422 if top_up_form or explain_form or phrase_form else 200
    return render(request, "orders/staff/provider.html", context, status=status)


@dataclass(frozen=True, slots=True)
class RejectionRow:
    """One rejection message with what comes of such orders."""

    rejection: RejectionText
    effect: str
    is_undecided: bool  # orders with it wait until somebody says what it means


def _rejections(provider: Provider) -> list[RejectionRow]:
    """The messages, new ones first, then the latest."""
    texts = RejectionText.objects.filter(provider=provider).select_related("looked_by")
    is_new = Case(When(looked_at=None, then=0), default=1)
    return [_row(text) for text in texts.order_by(is_new, "-last_seen_at", "pk")]


def _row(text: RejectionText) -> RejectionRow:
    reason = meaning_of(text.example)
    if text.meaning:
        reason = REASONS.get(Meaning(text.meaning), reason)
    is_unclear = text.meaning == Meaning.AMBIGUOUS or (
        not text.meaning and is_ambiguous(text.example)
    )
    effect = "Unclear" if is_unclear else EFFECTS[reason]
    is_undecided = not text.meaning and not is_unclear and reason is Reason.UNKNOWN
    return RejectionRow(text, effect, is_undecided)
