"""Admin page of status words: unknown ones and what they mean."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from catalog.models import Provider, StatusMapping, StatusSubject, UnknownStatus
from catalog.models.status_words import WORD_LENGTH
from catalog.status_words import MEANINGS, CannotExplain, explain, revert, unknown_statuses

MAX_MAPPINGS: Final = 100  # that are shown
HELP: Final = "Orders: Canceled and Partial pay money back. Ask the provider if you are not sure."


def _choices(subject: StatusSubject) -> list[tuple[str, str]]:
    return [
        (f"{subject}:{status}", status.replace("_", " ").capitalize())
        for status in MEANINGS[subject]
    ]


class ExplainForm(forms.Form):
    """A provider's word and the status that it means, as "order:canceled"."""

    provider = forms.ModelChoiceField(Provider.objects.order_by("name", "pk"))
    word = forms.CharField(
        label="Provider's word or number",
        max_length=WORD_LENGTH,
        help_text="As the provider writes it; upper and lower case are the same.",
    )
    meaning = forms.ChoiceField(
        label="Means",
        choices=[
            ("", "Choose …"),
            *((subject.label, _choices(subject)) for subject in StatusSubject),
        ],
        help_text=HELP,
    )

    @classmethod
    def of(cls, unknown: UnknownStatus) -> "ExplainForm":
        """A form for a word that was met."""
        form = cls(
            initial={"provider": unknown.provider_id, "word": unknown.word},
            auto_id=f"id_%s_{unknown.pk}",
        )
        form.fix(subject=StatusSubject(unknown.subject))
        return form

    def fix(self, *, subject: StatusSubject) -> None:
        """Ask for nothing but the meaning."""
        for name in ("provider", "word"):
            self.fields[name].widget = forms.HiddenInput()
        meaning: Any = self.fields["meaning"]
        meaning.choices = [("", "Choose …"), *_choices(subject)]


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_statuses(request: MemberRequest) -> HttpResponse:
    """Unknown words with forms to explain them, a form for any word, and the mappings so far."""
    if request.method != "POST":
        return _page(request, ExplainForm())
    form = ExplainForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    provider, word = form.cleaned_data["provider"], form.cleaned_data["word"]
    subject, _, status = form.cleaned_data["meaning"].partition(":")
    try:
        mapping = explain(
            provider=provider,
            subject=StatusSubject(subject),
            word=word,
            status=status,
            actor=request.user,
            now=timezone.now(),
        )
    except CannotExplain as problem:
        form.add_error(None, str(problem))
        return _page(request, form)
    messages.success(request, f"{word} of {provider} now means {mapping.meaning}.")
    return redirect("admin_statuses")


@admin_required
@require_POST
def admin_status_revert(request: MemberRequest, pk: int) -> HttpResponse:
    """Revert a mapping; the word is unknown again from the next reply on."""
    mapping = get_object_or_404(StatusMapping.objects.select_related("provider"), pk=pk)
    if revert(mapping=mapping, actor=request.user, now=timezone.now()):
        messages.success(request, f"{mapping.word} of {mapping.provider} is unknown again.")
    else:
        messages.error(request, "This mapping has already been reverted.")
    return redirect("admin_statuses")


def _page(request: MemberRequest, form: ExplainForm) -> HttpResponse:
    mappings = StatusMapping.objects.select_related("provider", "mapped_by", "reverted_by")
    context = {
        "rows": _rows(unknown_statuses()),
        "form": form,
        "has_providers": Provider.objects.exists(),
        "mappings": mappings.order_by("-pk")[:MAX_MAPPINGS],
    }
    status = 422 if form.errors else 200
    return render(request, "catalog/admin/statuses.html", context, status=status)


def _rows(unknown: Iterable[UnknownStatus]) -> list[dict[str, object]]:
    return [{"unknown": one, "form": ExplainForm.of(one)} for one in unknown]
