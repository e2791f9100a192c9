"""Encryption of providers' keys at rest, under ENCRYPTION_KEYS, newest first."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class CannotUnseal(Exception):
    """None of ENCRYPTION_KEYS decrypts it."""


def seal(key: str) -> str:
    """A provider's key, encrypted. Raises ImproperlyConfigured for bad ENCRYPTION_KEYS."""
    return _cipher().encrypt(key.encode()).decode()


def unseal(text: str) -> str:
    """What `seal` was given. Raises CannotUnseal and ImproperlyConfigured."""
    try:
        return _cipher().decrypt(text.encode()).decode()
    except InvalidToken:
        raise CannotUnseal(
            "the stored key was encrypted with another ENCRYPTION_KEYS: enter it again"
        ) from None


def _cipher() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except ValueError:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must hold Fernet keys (32 bytes in URL-safe base64), comma-separated"
        ) from None
