"""Admin page: set a user's password, where no mail can bring them a link."""

import logging

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.decorators import MemberRequest, admin_required
from accounts.models import User

log = logging.getLogger(__name__)


class PasswordForm(forms.Form):
    """A new password, which the admin hands over."""

    password = forms.CharField(
        label="New password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Give it to the user in a safe way; they can change it after logging in.",
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.user = user

    def clean_password(self) -> str:
        """As strong as at sign-up."""
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password


@sensitive_post_parameters("password")
@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def admin_user_password(request: MemberRequest, pk: int) -> HttpResponse:
    """Set a user's password; all their sessions end. API keys stay."""
    user = get_object_or_404(User, pk=pk)
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        if user.pk == request.user.pk:
            update_session_auth_hash(request, user)
        log.info("User %s: password set by user %s", user.pk, request.user.pk)
        messages.success(request, f"Password of {user.email} set. All their sessions ended.")
        return redirect("admin_user", pk=pk)
    context = {"customer": user, "form": form}
    return render(
        request, "accounts/admin/password.html", context, status=422 if form.is_bound else 200
    )
