"""What allauth asks us: whether sign-up is open."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Our answers to allauth's questions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Sign-up is open unless SIGN_UP_OPEN is off."""
        return bool(settings.IS_SIGN_UP_OPEN)
