"""Issuing and checking API keys: a prefix to look up by and an HMAC-SHA-256 digest under a pepper of its own."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings

from accounts.models import ApiKey, User

PREFIX_LENGTH = 8  # characters that find the row; they say nothing about the rest
SECRET_LENGTH = 32  # characters behind the prefix, about 190 bits
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def issue_key(*, user: User, name: str, now: datetime) -> str:
    """Make a key for `user` and return it: the only moment at which it can be seen."""
    key = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH + SECRET_LENGTH))
    ApiKey.objects.create(user=user, name=name, prefix=key[:PREFIX_LENGTH], digest=_digest(key), created_at=now)
    return key


def find_user(*, key: str) -> User | None:
    """The active user for whom `key` speaks, or None for an unknown, wrong or revoked key."""
    row = ApiKey.objects.select_related("user").filter(prefix=key[:PREFIX_LENGTH], revoked_at=None).first()
    if row is None or not hmac.compare_digest(row.digest, _digest(key)) or not row.user.is_active:
        return None
    return row.user


def _digest(key: str) -> str:
    return hmac.new(settings.API_KEY_PEPPER.encode(), key.encode(), hashlib.sha256).hexdigest()
