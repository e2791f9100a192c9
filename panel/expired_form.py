"""A form whose token is old: after a log-in in another tab, what was typed there is kept."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure

from accounts.models import User

# what the pages themselves put into a form; not shown, but sent again
OWN: Final = frozenset({"csrfmiddlewaretoken"})
# These show the form again instead of doing what it says.
ASKS_AGAIN: Final = {"order_new": ("review", "1"), "order_mass": ("check", "1")}
NOT_SENT_AGAIN: Final = {"order_mass": frozenset({"order", "offer"})}
DOORS: Final = frozenset({"account_login", "account_signup"})


def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's values with a new token, to be sent again; 403, for nothing was done.

    Only for a form of our own page that a logged-in user sent, and never with a password in it.
    """
    user = getattr(request, "user", None)
    name = _name(request)
    if not isinstance(user, User) or not _is_own(request, reason):
        return csrf_failure(request, reason=reason)
    if name in DOORS:  # logged in meanwhile, in another tab
        return redirect(_next(request))
    if any("password" in field for field in request.POST):
        return csrf_failure(request, reason=reason)
    again = ASKS_AGAIN.get(name)
    context = {
        "address": request.get_full_path(),
        "values": list(_values(request, leave_out=NOT_SENT_AGAIN.get(name, frozenset()))),
        "again": again,
    }
    return render(request, "form_expired.html", context, status=403)


def _name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _is_own(request: HttpRequest, reason: str) -> bool:
    """Whether the browser says that a page of ours sent it; another site's form is not shown."""
    if reason.startswith(REASON_BAD_ORIGIN.partition("%")[0]) or reason == REASON_NO_CSRF_COOKIE:
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer", "")
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc}" in {
        *settings.CSRF_TRUSTED_ORIGINS,
        f"{request.scheme}://{request.get_host()}",
    }


def _values(request: HttpRequest, *, leave_out: frozenset[str]) -> Iterator[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in OWN | leave_out:
            yield from ((name, str(value)) for value in values)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and is_safe else settings.LOGIN_REDIRECT_URL
