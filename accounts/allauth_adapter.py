"""The allauth adapter: open sign-up, links to SITE_URL, sign-ups that race."""

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
from lib.email_addresses import normal_email
from lib.ip_addresses import client_ip


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Settings and behaviour of allauth."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Sign-up is open unless SIGN_UP_OPEN is off."""
        return bool(settings.IS_SIGN_UP_OPEN)

    def clean_email(self, email: str) -> str:
        """The address in its one form."""
        cleaned: str = super().clean_email(normal_email(email))
        return cleaned

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that log-in limits count."""
        return client_ip(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link to SITE_URL, whatever host the request named."""
        return _at_home(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: object) -> str:
        """A link to SITE_URL, whatever host the request named."""
        return _at_home(super().get_email_confirmation_url(request, emailconfirmation))

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: BaseForm,
        commit: bool = True,
    ) -> User:
        """Store a new user; the second of two simultaneous sign-ups is redirected."""
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit=commit)
        except IntegrityError:
            raise ImmediateHttpResponse(_already_signed_up(request)) from None
        return saved


def _at_home(url: str) -> str:
    return urljoin(settings.SITE_URL, urlsplit(url).path)


def _already_signed_up(request: HttpRequest) -> HttpResponse:
    # nobody may learn which addresses are known
    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
        return redirect("account_email_verification_sent")
    messages.info(request, "An account with this address already exists. Please log in.")
    return redirect("account_login")
