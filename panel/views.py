"""The front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.models import User


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What the panel is, for visitors; everybody else goes where their work is."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "home.html")
    if user.is_staff_member:
        return redirect("staff_unclear")
    return redirect("order_new")
