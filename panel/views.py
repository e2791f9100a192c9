"""The front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page for visitors; staff go to their inbox, customers to the order form."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "home.html")
    if user.is_staff_member:
        return redirect("staff_unclear")
    return redirect("order_new")
