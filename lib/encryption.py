"""Keeps providers' keys unreadable at rest: sealed under ENCRYPTION_KEYS, the newest first."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class CannotUnseal(Exception):
    """None of ENCRYPTION_KEYS opens this seal."""


def seal(key: str) -> str:
    """A provider's key as it is stored.

    Raises ImproperlyConfigured where ENCRYPTION_KEYS is empty or no Fernet key.
    """
    return _safe().encrypt(key.encode()).decode()


def unseal(text: str) -> str:
    """The key that `seal` was given. Raises CannotUnseal, and ImproperlyConfigured as `seal` does."""
    try:
        return _safe().decrypt(text.encode()).decode()
    except InvalidToken:
        raise CannotUnseal(
            "the stored key was sealed under another ENCRYPTION_KEYS: enter it anew"
        ) from None


def _safe() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except ValueError:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must hold at least one Fernet key (32 bytes in URL-safe base64), comma-separated"
        ) from None
