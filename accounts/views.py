"""The account page and its API keys."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.api_keys import MAX_KEYS, NameTaken, TooManyKeys, issue_key
from accounts.decorators import MemberRequest, customer_required
from accounts.forms import ApiKeyForm
from accounts.models import ApiKey
from accounts.rotate_key import KeyEnded, rotate_key


@customer_required
@require_safe
def account(request: MemberRequest) -> HttpResponse:
    """The user's address and API keys."""
    return _account(request, form=ApiKeyForm())


@customer_required
@require_POST
@never_cache
def account_key_new(request: MemberRequest) -> HttpResponse:
    """Issue a key and show it in this response, which therefore does not redirect."""
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _account(request, form=form, status=422)
    try:
        key = issue_key(user=request.user, now=timezone.now(), **form.cleaned_data)
    except NameTaken:
        form.add_error(
            "name",
            "Name: you already have a key with this name. Revoke it first or choose another name.",
        )
    except TooManyKeys:
        form.add_error(None, f"You have {MAX_KEYS} keys. Revoke one that you no longer use.")
    else:
        return _account(request, form=ApiKeyForm(), new_key=key)
    return _account(request, form=form, status=422)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then revoke the key; repeated, it changes nothing."""
    key = _own_key(request, pk)
    if request.method == "POST":
        request.user.api_keys.live().filter(pk=pk).update(revoked_at=timezone.now())
        messages.success(request, f"The key “{key.name}” has been revoked.")
        return redirect("account")
    context = {
        "title": "Revoke a key",
        "question": f"Revoke the key “{key.name}” ({key.prefix}…)?",
        "details": ["Programs that use it are rejected from now on.", "This cannot be undone."],
        "action": "Revoke the key",
        "cancel_url": reverse("account"),
        "is_destructive": True,
    }
    return render(request, "confirm.html", context)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_key_rotate(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then replace the key and show its successor."""
    key = _own_key(request, pk)
    if request.method != "POST":
        return render(request, "confirm.html", _rotate_question(key))
    try:
        new_key = rotate_key(key=key, now=timezone.now())
    except KeyEnded:
        messages.error(
            request,
            f"The key “{key.name}” that began with {key.prefix} was already revoked or replaced.",
        )
        return redirect("account")
    return _account(request, form=ApiKeyForm(), new_key=new_key)


def _own_key(request: MemberRequest, pk: int) -> ApiKey:
    return get_object_or_404(request.user.api_keys, pk=pk)


def _rotate_question(key: ApiKey) -> dict[str, object]:
    return {
        "title": "Replace a key",
        "question": f"Replace the key “{key.name}” ({key.prefix}…) with a new one?",
        "details": [
            "The new key has the same name and access, and is shown once.",
            "The old key stops working at once. Programs need the new one from then on.",
        ],
        "action": "Replace the key",
        "cancel_url": reverse("account"),
        "is_destructive": True,
    }


def _account(
    request: MemberRequest, *, form: ApiKeyForm, new_key: str = "", status: int = 200
) -> HttpResponse:
    keys = request.user.api_keys.live().order_by("-pk")
    return render(
        request,
        "accounts/account.html",
        {"keys": keys, "form": form, "new_key": new_key},
        status=status,
    )
