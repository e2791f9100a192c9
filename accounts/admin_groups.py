"""Admin pages of customer groups and their API rate limits."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import MemberRequest, admin_required
from accounts.group_form import GroupForm, MembershipForm
from accounts.models import CustomerGroup, User


@admin_required
@require_GET
def admin_groups(request: MemberRequest) -> HttpResponse:
    """All groups by name, with limits and number of members."""
    context = {
        "groups": CustomerGroup.objects.annotate(members=Count("users")).order_by("name"),
        "requests_per_minute": settings.API_REQUESTS_PER_MINUTE,
        "orders_per_minute": settings.API_ORDERS_PER_MINUTE,
    }
    return render(request, "accounts/admin/groups.html", context)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_group_new(request: MemberRequest) -> HttpResponse:
    """Create a group."""
    usual = {
        "requests_per_minute": settings.API_REQUESTS_PER_MINUTE,
        "orders_per_minute": settings.API_ORDERS_PER_MINUTE,
    }
    return _edit(
        request, GroupForm(request.POST if request.method == "POST" else None, initial=usual)
    )


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_group(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a group; the limits apply within a minute."""
    group = get_object_or_404(CustomerGroup, pk=pk)
    return _edit(
        request, GroupForm(request.POST if request.method == "POST" else None, instance=group)
    )


@admin_required
@require_POST
def admin_user_group(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a user into a group, or into none."""
    user = get_object_or_404(User, pk=pk)
    form = MembershipForm(request.POST)
    if form.is_valid():
        user.group = form.cleaned_data["group"]
        user.save(update_fields=["group"])
        messages.success(request, f"Saved: {user.email} is in {user.group or 'no group'}.")
    else:
        messages.error(request, "This group does not exist.")
    return redirect("admin_user", pk=pk)


def _edit(request: MemberRequest, form: GroupForm) -> HttpResponse:
    if form.is_valid():
        group = form.save()
        messages.success(request, f"Saved: {group.name}.")
        return redirect("admin_groups")
    return render(
        request, "accounts/admin/group.html", {"form": form}, status=422 if form.is_bound else 200
    )
