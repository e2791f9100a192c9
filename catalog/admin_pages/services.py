"""Admin pages of services and categories: list, review and edit."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import MemberRequest, admin_required
from catalog.edit_service import accept_review, change_service
from catalog.models import Category, Provider, Service, ServiceQuerySet
from catalog.search import matching
from catalog.shop_list import Place, unit_of
from catalog.type_mappings import unknown_types
from catalog.upstream.service_types import find
from lib.decimals import plain

if TYPE_CHECKING:
    ServiceModelForm = forms.ModelForm[Service]
    CategoryModelForm = forms.ModelForm[Category]
else:  # Django's class takes no parameter at run time
    ServiceModelForm = CategoryModelForm = forms.ModelForm

STATES: Final = {
    "all": "All",
    "sale": "On sale",
    "review": "Waiting for review",
    "hidden": "Hidden",
    "unsellable": "Unknown type",
    "withdrawn": "Withdrawn",
}

NO_PRICE: Final = "Set a margin with a fixed amount, or allow free orders under Settings."


class FilterForm(forms.Form):
    """Filters of the service list."""

    state = forms.ChoiceField(choices=list(STATES.items()), required=False)
    q = forms.CharField(label="Search", max_length=100, required=False)
    provider = forms.ModelChoiceField(
        Provider.objects.order_by("name"), required=False, empty_label="All providers"
    )
    category = forms.ModelChoiceField(
        Category.objects.order_by("position", "pk"), required=False, empty_label="All categories"
    )
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)


class AcceptForm(FilterForm):
    """The filters, and the number of waiting services that the admin saw."""

    expected = forms.IntegerField(min_value=1)


class ServiceForm(ServiceModelForm):
    """What the admin may set for a service; empty texts fall back to the provider's."""

    dripfeed = forms.ChoiceField(
        label="Drip-feed",
        required=False,
        choices=[("", "As the provider lists it"), ("on", "Offered"), ("off", "Not offered")],
        help_text="Often missing in catalogs. Check with the provider before offering it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = find(self.instance.type)
        if kind is None or not kind.has_dripfeed:
            del self.fields["dripfeed"]
        elif self.instance.is_dripfeed_own:
            self.initial["dripfeed"] = "on" if self.instance.is_dripfeed else "off"

    class Meta:
        model = Service
        fields = (
            "own_name",
            "own_description",
            "category",
            "position",
            "is_hidden",
            "free_per_day",
            "refill_mode",
            "cancel_mode",
        )
        labels = {
            "own_name": "Name",
            "own_description": "Description",
            "is_hidden": "Hidden",
            "free_per_day": "Free orders per day",
            "refill_mode": "Refill requests",
            "cancel_mode": "Cancellation requests",
        }
        help_texts = {
            "own_name": "Leave empty to use the provider's.",
            "own_description": "Leave empty to use the provider's.",
            "position": "Lower numbers come first in the category.",
            "is_hidden": "Not for sale, even if the provider lists it.",
            "free_per_day": (
                "How many a customer may place in 24 hours while the price is 0."
                " Leave empty to sell it only at a price."
            ),
        }
        widgets = {"own_name": forms.TextInput(attrs={"maxlength": 500})}

    def clean_own_name(self) -> str:
        """One line of at most 500 characters."""
        name = " ".join(str(self.cleaned_data["own_name"]).split())
        if len(name) > 500:
            raise forms.ValidationError("Use at most 500 characters.")
        return name


class CategoryForm(CategoryModelForm):
    """What the admin may set for a category."""

    class Meta:
        model = Category
        fields = ("own_name", "position")
        labels = {"own_name": "Name"}
        help_texts = {
            "own_name": "Leave empty to use the provider's.",
            "position": "Lower numbers come first.",
        }


@admin_required
@require_safe
def admin_services(request: MemberRequest) -> HttpResponse:
    """All services, filtered by state, words, provider and category."""
    form = FilterForm(request.GET)
    is_understood = form.is_valid()
    chosen = form.cleaned_data
    services = _narrowed(chosen)
    place = Place.of(services, number=chosen.get("page") or 1)
    shown = place.cut(services.select_related("provider", "category"))
    state = chosen.get("state") or "all"
    context = {
        "form": form,
        "place": place,
        "acceptable": services.acceptable().count() if state == "review" else 0,
        "rows": [{"service": service, "unit": _unit(service)} for service in shown],
        "state": state,
        "unknown_types": unknown_types(),
        "tabs": [
            {
                "label": label,
                "url": f"{reverse('admin_services')}?state={name}",
                "is_current": name == state,
            }
            for name, label in STATES.items()
        ],
    }
    return render(
        request, "catalog/admin/services.html", context, status=200 if is_understood else 422
    )


@admin_required
@require_POST
def admin_services_accept(request: MemberRequest) -> HttpResponse:
    """Accept all services that wait under a filter, if as many as the admin saw."""
    form = AcceptForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Invalid filter. Nothing was accepted.")
        return redirect("admin_services")
    waiting = _narrowed({**form.cleaned_data, "state": "review"})
    expected = form.cleaned_data["expected"]
    if accept_review(services=waiting, expected=expected, now=timezone.now()):
        messages.success(request, f"{expected:,} services accepted.")
    else:
        messages.error(request, "The list changed. Please review it again.")
    return redirect(f"{reverse('admin_services')}?state=review")


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_service(request: MemberRequest, pk: int) -> HttpResponse:
    """One service: price, provider's data, our own; accept or change it."""
    service = get_object_or_404(
        Service.objects.select_related("provider", "category", "margin_rule"), pk=pk
    )
    if request.method == "POST" and "accept" in request.POST:
        return _accept(request, service)
    if request.method != "POST":
        return _service_page(request, service, form=ServiceForm(instance=service))
    form = ServiceForm(request.POST, instance=Service.objects.get(pk=pk))
    if not form.is_valid():
        return _service_page(request, service, form=form, status=422)
    values = dict(form.cleaned_data)
    category = values.pop("category")
    change_service(service=service, category=category, values=values, now=timezone.now())
    price = Service.objects.values_list("price", flat=True).get(pk=pk)
    moved = "" if price == service.price else _moved(service.price, price)
    messages.success(request, f"Service {pk} saved.{moved}")
    return redirect("admin_service", pk=pk)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_category(request: MemberRequest, pk: int) -> HttpResponse:
    """Name and position of a category."""
    category = get_object_or_404(Category, pk=pk)
    form = CategoryForm(request.POST or None, instance=category)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Category saved.")
        return redirect("admin_category", pk=pk)
    context = {"category": Category.objects.get(pk=pk), "form": form}
    return render(
        request, "catalog/admin/category.html", context, status=422 if form.errors else 200
    )


def _moved(before: Decimal, after: Decimal) -> str:
    """What another category's margin does to the price."""
    currency = settings.PANEL_CURRENCY
    return f" Its price changed from {plain(before)} to {plain(after)} {currency}."


def _accept(request: MemberRequest, service: Service) -> HttpResponse:
    """Accept it only for the reason that the admin saw, and never without a price."""
    if service.lacks_price:
        messages.error(request, f"Service {service.pk} has no price. {NO_PRICE}")
        return redirect("admin_service", pk=service.pk)
    seen = Service.objects.filter(pk=service.pk, review_reason=request.POST["accept"])
    if accept_review(services=seen, expected=1, now=timezone.now()):
        messages.success(request, f"Service {service.pk} accepted.")
    else:
        messages.error(request, "The service changed in the meantime. Nothing was accepted.")
    return redirect("admin_service", pk=service.pk)


def _narrowed(chosen: dict[str, Any]) -> ServiceQuerySet:
    services = matching(Service.objects.all(), words=chosen.get("q") or "")
    for name in ("provider", "category"):
        if chosen.get(name):
            services = services.filter(**{name: chosen[name]})
    match chosen.get("state"):
        case "sale":
            return services.on_sale()
        case "review":
            return services.to_review()
        case "hidden":
            return services.listed().filter(is_hidden=True)
        case "unsellable":
            return services.listed().filter(is_sellable=False)
        case "withdrawn":
            return services.exclude(withdrawn_at=None)
    return services


def _service_page(
    request: MemberRequest, service: Service, *, form: ServiceForm, status: int = 200
) -> HttpResponse:
    context = {
        "service": service,
        "form": form,
        "unit": _unit(service),
        "no_price": NO_PRICE,
        "changes": service.changes.select_related("run").order_by("-pk")[:20],
    }
    return render(request, "catalog/admin/service.html", context, status=status)


def _unit(service: Service) -> str:
    return unit_of(service.type)
