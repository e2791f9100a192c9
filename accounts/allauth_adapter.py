"""What allauth asks us: whether sign-up is open, and how a new user is kept."""

from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from lib.ip_addresses import client_ip


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Our answers to allauth's questions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Sign-up is open unless SIGN_UP_OPEN is off."""
        return bool(settings.IS_SIGN_UP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose log-ins a limit counts together."""
        return client_ip(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link with a secret leads to SITE_URL, whatever host the request named."""
        return _at_home(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: object) -> str:
        """Likewise."""
        return _at_home(super().get_email_confirmation_url(request, emailconfirmation))

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: BaseForm,
        commit: bool = True,
    ) -> User:
        """Keep a new user; the second of two sign-ups with one address at the same moment
        is sent on, not refused.
        """
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit=commit)
        except IntegrityError:
            raise ImmediateHttpResponse(_already_signed_up(request)) from None
        return saved


def _at_home(url: str) -> str:
    return urljoin(settings.SITE_URL, urlsplit(url).path)


def _already_signed_up(request: HttpRequest) -> HttpResponse:
    # where nobody may learn which addresses are known
    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
        return redirect("account_email_verification_sent")
    messages.info(request, "There is an account with this address now: log in.")
    return redirect("account_login")
