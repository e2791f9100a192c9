"""The service list that customers see."""

from django import forms
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Service
from catalog.search import categories_of, matching
from catalog.shop_list import Place, grouped


class SearchForm(forms.Form):
    """Filters of the service list."""

    q = forms.CharField(
        label="Search",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    category = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    page = forms.IntegerField(
        min_value=1, max_value=100_000, required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: object, categories: list[tuple[int, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.fields["category"].choices = [("", "All categories"), *categories]  # type: ignore[attr-defined]  # of a choice field


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Services on sale by category; open to visitors where settings allow."""
    if not settings.ARE_SERVICES_PUBLIC and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    on_sale = Service.objects.on_sale()
    form = SearchForm(request.GET, categories=categories_of(on_sale))
    is_understood = form.is_valid()
    category = form.cleaned_data.get("category")
    narrowed = on_sale.filter(category=category) if category else on_sale
    found = matching(narrowed, words=form.cleaned_data.get("q") or "")
    place = Place.of(found, number=form.cleaned_data.get("page") or 1)
    template = (
        "catalog/_services.html" if getattr(request, "htmx", False) else "catalog/services.html"
    )
    context = {"form": form, "groups": grouped(place.cut(found)), "place": place}
    return render(request, template, context, status=200 if is_understood else 422)
