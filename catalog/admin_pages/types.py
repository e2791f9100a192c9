"""Admin page of service types: unknown ones and their mappings."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from catalog.models import Provider, TypeMapping
from catalog.type_mappings import CannotMap, map_type, revert_mapping, unknown_types
from catalog.upstream.service_types import TYPES


class MappingForm(forms.Form):
    """A provider's word and the type that it means."""

    provider = forms.ModelChoiceField(Provider.objects.order_by("pk"), widget=forms.HiddenInput)
    word = forms.CharField(max_length=60, strip=False, widget=forms.HiddenInput)
    type = forms.ChoiceField(
        label="Sold as",
        choices=[("", "Choose …"), *((kind.name, kind.name) for kind in TYPES if kind.is_sellable)],
    )


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_types(request: MemberRequest) -> HttpResponse:
    """Unknown types with forms to map them, and the mappings so far."""
    if request.method != "POST":
        return _page(request)
    form = MappingForm(request.POST)
    if not form.is_valid():
        return _page(request, invalid=form)
    provider, word, name = (form.cleaned_data[field] for field in ("provider", "word", "type"))
    try:
        map_type(
            provider=provider, word=word, type_name=name, actor=request.user, now=timezone.now()
        )
    except CannotMap as problem:
        form.add_error(None, str(problem))
        return _page(request, invalid=form)
    messages.success(request, f"{word} of {provider} is now sold as {name}.")
    return redirect("admin_types")


@admin_required
@require_POST
def admin_type_revert(request: MemberRequest, pk: int) -> HttpResponse:
    """Revert a mapping; its services are off sale at once."""
    mapping = get_object_or_404(TypeMapping.objects.select_related("provider"), pk=pk)
    if revert_mapping(mapping=mapping, actor=request.user, now=timezone.now()):
        messages.success(request, f"{mapping.word} of {mapping.provider} is no longer sold.")
    else:
        messages.error(request, "This mapping has already been reverted.")
    return redirect("admin_types")


def _page(request: MemberRequest, *, invalid: MappingForm | None = None) -> HttpResponse:
    unknown = unknown_types()
    asked = (str(invalid.data.get("provider")), invalid.data.get("word")) if invalid else None
    rows = [
        {
            "unknown": one,
            "form": invalid
            if (str(one.provider_id), one.word) == asked
            else MappingForm(
                initial={"provider": one.provider_id, "word": one.word}, auto_id=f"id_%s_{number}"
            ),
        }
        for number, one in enumerate(unknown)
    ]
    is_shown = invalid is None or any(row["form"] is invalid for row in rows)
    context = {
        "rows": rows,
        "stray": None if is_shown else invalid,  # of a word that is no longer unknown
        "mappings": TypeMapping.objects.select_related(
            "provider", "mapped_by", "reverted_by"
        ).order_by("-pk")[:100],
    }
    return render(request, "catalog/admin/types.html", context, status=422 if invalid else 200)
