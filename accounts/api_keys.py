"""Issuing and checking API keys: a prefix to look up by and an HMAC-SHA-256 digest under a pepper of its own."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import ApiKey, User

PREFIX_LENGTH = 8  # characters that find the row; they say nothing about the rest
SECRET_LENGTH = 32  # characters behind the prefix, about 190 bits
MOST_KEYS = 10  # live keys of one user: nobody needs more, and a list of more is not looked after
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class NameTaken(Exception):
    """The user has a live key of that name; no key was made."""


class TooManyKeys(Exception):
    """The user has as many live keys as anybody may; no key was made."""


def issue_key(*, user: User, name: str, now: datetime) -> str:
    """Make a key for `user` and return it: the only moment at which it can be seen. Raises NameTaken, TooManyKeys."""
    key = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH + SECRET_LENGTH))
    if user.api_keys.filter(revoked_at=None).count() >= MOST_KEYS:
        raise TooManyKeys
    try:
        with transaction.atomic():
            ApiKey.objects.create(user=user, name=name, prefix=key[:PREFIX_LENGTH], digest=_digest(key), created_at=now)
    except IntegrityError:
        raise NameTaken from None
    return key


def find_user(*, key: str) -> User | None:
    """The active user for whom `key` speaks, or None for an unknown, wrong or revoked key."""
    row = ApiKey.objects.select_related("user").filter(prefix=key[:PREFIX_LENGTH], revoked_at=None).first()
    if row is None or not hmac.compare_digest(row.digest, _digest(key)) or not row.user.is_active:
        return None
    return row.user


def _digest(key: str) -> str:
    return hmac.new(settings.API_KEY_PEPPER.encode(), key.encode(), hashlib.sha256).hexdigest()
