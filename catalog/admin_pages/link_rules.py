"""Admin pages of link rules: which links a service or a category takes."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, admin_required
from catalog.models import Category, LinkRule, Service
from catalog.models.link_rules import HOST
from catalog.platforms import address_of, host_of

if TYPE_CHECKING:
    LinkRuleModelForm = forms.ModelForm[LinkRule]
else:  # Django's class takes no parameter at run time
    LinkRuleModelForm = forms.ModelForm

MAX_LISTED = 500


class LinkRuleForm(LinkRuleModelForm):
    """What the links of a service or a category must be like."""

    class Meta:
        model = LinkRule
        fields = ("hosts", "target", "are_names_allowed", "check_mode")
        labels = {
            "hosts": "Sites",
            "target": "Links lead to",
            "are_names_allowed": "Names such as @name are fine, too",
            "check_mode": "If a link does not fit",
        }
        help_texts = {
            "hosts": "Separated by spaces, such as: instagram.com. Leave empty for any site.",
            "target": "Checked on the platforms whose links tell a profile from a post.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].required = False
        choices = [one for one in LinkRule._meta.get_field("target").flatchoices if one[0]]
        self.fields["target"].choices = [("", "Profile or post"), *choices]  # type: ignore[attr-defined]  # of a choice field

    def clean_hosts(self) -> str:
        """Host names; pasted addresses are cut down to theirs."""
        hosts = []
        for word in str(self.cleaned_data["hosts"]).replace(",", " ").lower().split():
            parts = address_of(word)
            host = host_of(parts) if parts else word
            if not HOST.fullmatch(host):
                raise forms.ValidationError(f"“{word[:100]}” is not a site.")
            hosts.append(host)
        return " ".join(dict.fromkeys(hosts))


class NewLinkRuleForm(LinkRuleForm):
    """A rule for one service or one category that has none of the admin's."""

    service_id = forms.IntegerField(label="Service ID", required=False, min_value=1)
    category_id = forms.ModelChoiceField(
        Category.objects.order_by("position", "pk"),
        label="Category",
        required=False,
        empty_label="No category",
    )

    field_order = ("service_id", "category_id")

    def clean_service_id(self) -> Service | None:
        """The service of that id."""
        pk = self.cleaned_data["service_id"]
        if pk is None:
            return None
        service = Service.objects.filter(pk=pk).first()
        if service is None:
            raise forms.ValidationError("No service has this ID.")
        return service

    def clean(self) -> dict[str, Any]:
        """One of the two, and no second rule for it."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = {
            name: cleaned[f"{name}_id"]
            for name in ("service", "category")
            if cleaned.get(f"{name}_id")
        }
        if len(chosen) != 1:
            if not self.errors:
                self.add_error(None, "Enter a service ID or choose a category.")
            return cleaned
        if LinkRule.objects.filter(is_learnt=False, **chosen).exists():
            self.add_error(None, "There is a rule for this already. Change that one.")
        self.subject = chosen
        return cleaned


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_links(request: MemberRequest) -> HttpResponse:
    """All link rules, and a form for a new one; it replaces a learnt one."""
    if request.method != "POST":
        asked = {f"{name}_id": request.GET.get(name) for name in ("service", "category")}
        return _page(request, form=NewLinkRuleForm(initial=asked))
    form = NewLinkRuleForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    LinkRule.objects.update_or_create(
        **form.subject, defaults={**_values(form), **_signed(request)}
    )
    messages.success(request, "Rule saved. It applies to new orders at once.")
    return redirect("admin_links")


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Change or remove one rule. A learnt rule that is saved becomes the admin's."""
    rule = get_object_or_404(LinkRule.objects.select_related("service", "category"), pk=pk)
    if request.method == "POST" and "remove" in request.POST:
        rule.delete()
        messages.success(request, "Rule removed.")
        return redirect("admin_links")
    form = LinkRuleForm(request.POST or None, instance=LinkRule.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        LinkRule.objects.filter(pk=pk).update(**_values(form), **_signed(request))
        messages.success(request, "Rule saved. It applies to new orders at once.")
        return redirect("admin_links")
    context = {"rule": rule, "form": form}
    return render(request, "catalog/admin/link.html", context, status=422 if form.errors else 200)


def _values(form: LinkRuleForm) -> dict[str, object]:
    return {name: form.cleaned_data[name] for name in LinkRuleForm.Meta.fields}


def _signed(request: MemberRequest) -> dict[str, object]:
    return {"is_learnt": False, "updated_by": request.user, "updated_at": timezone.now()}


def _page(request: MemberRequest, *, form: NewLinkRuleForm, status: int = 200) -> HttpResponse:
    rules = LinkRule.objects.select_related("service", "category", "updated_by")
    context = {
        "form": form,
        "rules": rules.order_by("is_learnt", "-updated_at", "-pk")[:MAX_LISTED],
        "most": MAX_LISTED,
    }
    return render(request, "catalog/admin/links.html", context, status=status)
