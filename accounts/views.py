"""A user's own account: the e-mail address, the password, the API keys."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MemberRequest, customer_required
from accounts.api_keys import MOST_KEYS, NameTaken, TooManyKeys, issue_key
from accounts.forms import ApiKeyForm
from accounts.models import User


@customer_required
@require_GET
def account(request: MemberRequest) -> HttpResponse:
    """Who is logged in, and which keys speak for them."""
    return _account(request, user=request.user, form=ApiKeyForm())


@customer_required
@require_POST
@never_cache
def account_key_new(request: MemberRequest) -> HttpResponse:
    """Issue a key and show it: this answer is the only place where it ever stands, so it does not redirect."""
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _account(request, user=request.user, form=form, status=422)
    try:
        key = issue_key(user=request.user, name=form.cleaned_data["name"], now=timezone.now())
    except NameTaken:
        form.add_error("name", "Name: you have a key of that name; revoke it first, or choose another name.")
    except TooManyKeys:
        form.add_error(None, f"You have {MOST_KEYS} keys: revoke one that is not used any more.")
    else:
        return _account(request, user=request.user, form=ApiKeyForm(), new_key=key)
    return _account(request, user=request.user, form=form, status=422)


@customer_required
@require_POST
def account_key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """End a key of one's own at once; ending it again changes nothing."""
    key = get_object_or_404(request.user.api_keys, pk=pk)
    request.user.api_keys.filter(pk=pk, revoked_at=None).update(revoked_at=timezone.now())
    messages.success(request, f"The key “{key.name}” is revoked.")
    return redirect("account")


def _account(
    request: HttpRequest, *, user: User, form: ApiKeyForm, new_key: str = "", status: int = 200
) -> HttpResponse:
    keys = user.api_keys.filter(revoked_at=None).order_by("-pk")
    return render(request, "accounts/account.html", {"keys": keys, "form": form, "new_key": new_key}, status=status)
