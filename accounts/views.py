"""A user's own account: the e-mail address, the password, the API keys."""

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
    """Who is logged in, and which keys speak for them."""
    return _account(request, form=ApiKeyForm())


@customer_required
@require_POST
@never_cache
def account_key_new(request: MemberRequest) -> HttpResponse:
    """Issue a key and show it: this answer is the only place where it ever stands, so it does
    not redirect.
    """
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _account(request, form=form, status=422)
    try:
        key = issue_key(user=request.user, now=timezone.now(), **form.cleaned_data)
    except NameTaken:
        form.add_error(
            "name", "Name: you have a key of that name; revoke it first, or choose another name."
        )
    except TooManyKeys:
        form.add_error(None, f"You have {MAX_KEYS} keys: revoke one that is not used any more.")
    else:
        return _account(request, form=ApiKeyForm(), new_key=key)
    return _account(request, form=form, status=422)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask once more, then end a key of one's own at once; ending it again changes nothing."""
    key = _own_key(request, pk)
    if request.method == "POST":
        request.user.api_keys.live().filter(pk=pk).update(revoked_at=timezone.now())
        messages.success(request, f"The key “{key.name}” is revoked.")
        return redirect("account")
    context = {
        "title": "Revoke a key",
        "question": f"Revoke the key “{key.name}” ({key.prefix}…)?",
        "details": ["Programs that use it are refused from now on.", "It cannot be brought back."],
        "action": "Revoke the key",
        "cancel_url": reverse("account"),
        "is_destructive": True,
    }
    return render(request, "confirm.html", context)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def account_key_rotate(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask once more, then replace a key of one's own and show its successor, as a new key is shown."""
    key = _own_key(request, pk)
    if request.method != "POST":
        return render(request, "confirm.html", _rotate_question(key))
    try:
        new_key = rotate_key(key=key, now=timezone.now())
    except KeyEnded:
        messages.error(
            request, f"The key “{key.name}” that began with {key.prefix} has ended already."
        )
        return redirect("account")
    return _account(request, form=ApiKeyForm(), new_key=new_key)


def _own_key(request: MemberRequest, pk: int) -> ApiKey:
    return get_object_or_404(request.user.api_keys, pk=pk)


def _rotate_question(key: ApiKey) -> dict[str, object]:
    return {
        "title": "Replace a key",
        "question": f"Replace the key “{key.name}” ({key.prefix}…) by a new one?",
        "details": [
            "The new key has the same name, may do the same, and is shown once.",
            "The old key ends at once: programs that use it are refused until they have the new one.",
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
