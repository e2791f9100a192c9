"""Decorators that limit views to roles.

Anonymous visitors are redirected to log in; the wrong role gets 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class MemberRequest(HttpRequest):
    """A request of a logged-in user, as these decorators pass it on."""

    user: User
    htmx: HtmxDetails


R = TypeVar("R", bound=HttpRequest)
P = ParamSpec("P")
View = Callable[Concatenate[R, P], HttpResponse]


def customer_required(view: View[R, P]) -> View[HttpRequest, P]:
    """For every logged-in user: staff and admins order, too."""
    return _guarded(view, is_allowed=lambda user: user.is_active)


def staff_required(view: View[R, P]) -> View[HttpRequest, P]:
    """For staff and admins."""
    return _guarded(view, is_allowed=lambda user: user.is_staff_member)


def admin_required(view: View[R, P]) -> View[HttpRequest, P]:
    """For admins only."""
    return _guarded(view, is_allowed=lambda user: user.is_admin)


def _guarded(view: View[R, P], *, is_allowed: Callable[[User], bool]) -> View[HttpRequest, P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return _to_log_in(request)
        if not is_allowed(user):
            raise PermissionDenied
        return view(cast("R", request), *args, **kwargs)

    return guarded


def _to_log_in(request: HttpRequest) -> HttpResponse:
    if not getattr(request, "htmx", False):
        return redirect_to_login(request.get_full_path())
    # a fragment after the session ended: the whole page logs in and comes back
    here = cast("MemberRequest", request).htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(redirect_to_login(here).url)
