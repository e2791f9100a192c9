"""API keys: issuing, checking, noting their use.

A key is stored as a prefix to look it up by and an HMAC-SHA-256 digest under a pepper of its own.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from accounts.models import ApiKey, CustomerGroup, KeyScope, User
from lib.ip_addresses import is_within, read_networks

PREFIX_LENGTH = 8  # characters that find the row
SECRET_LENGTH = 32  # characters behind the prefix, about 190 bits
MAX_KEYS = 10  # live keys of one user
# reading requests stay reads
USE_NOTED_EVERY = timedelta(minutes=1)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_KEY = ("id", "user_id", "name", "prefix", "digest", "scope", "allowed_ips", "last_used_at")
_USER = ("id", "email", "role", "is_active", "group_id")
_GROUP = ("id", "name", "requests_per_minute", "orders_per_minute")
_LIVE_KEY = """
    SELECT k.id, k.user_id, k.name, k.prefix, k.digest, k.scope, k.allowed_ips, k.last_used_at,
           u.id, u.email, u.role, u.is_active, u.group_id,
           g.id, g.name, g.requests_per_minute, g.orders_per_minute
      FROM accounts_apikey AS k
      JOIN accounts_user AS u ON u.id = k.user_id
      LEFT JOIN accounts_customergroup AS g ON g.id = u.group_id
     WHERE k.prefix = %s AND k.revoked_at IS NULL
"""


class NameTaken(Exception):
    """The user has a live key of that name; none was issued."""


class TooManyKeys(Exception):
    """The user has MAX_KEYS live keys; none was issued."""


def issue_key(
    *,
    user: User,
    name: str,
    now: datetime,
    scope: str = KeyScope.ORDER,
    allowed_ips: Sequence[str] = (),
) -> str:
    """A new key, which can be seen only now.

    `allowed_ips`: addresses and networks; empty: any. Raises NameTaken, TooManyKeys, BadNetwork.
    """
    key = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH + SECRET_LENGTH))
    networks = read_networks(allowed_ips)
    try:
        with transaction.atomic():
            # two forms at once: the count must hold
            User.objects.locked().get(pk=user.pk)
            if user.api_keys.live().count() >= MAX_KEYS:
                raise TooManyKeys
            ApiKey.objects.create(
                user=user,
                name=name,
                prefix=key[:PREFIX_LENGTH],
                digest=_digest(key),
                scope=scope,
                allowed_ips=networks,
                created_at=now,
            )
    except IntegrityError:
        raise NameTaken from None
    return key


def fingerprint(key: str) -> str:
    """What rate limits count a key by; "" for a text that is no key."""
    return _digest(key)[:24] if _is_well_formed(key) else ""


def find_key(*, key: str, ip: str) -> ApiKey | None:
    """The live key with user and group; None where it is wrong, revoked or not for `ip`.

    One query; none for a text that is no key.
    """
    if not _is_well_formed(key):
        return None
    found = _live_key(prefix=key[:PREFIX_LENGTH])
    if (
        found is None
        or not hmac.compare_digest(found.digest, _digest(key))
        or not found.user.is_active
    ):
        return None
    if found.allowed_ips and not is_within(ip, found.allowed_ips):
        return None
    return found


def find_user(*, key: str) -> User | None:
    """The key's active user; None as in `find_key`, and for a key bound to networks."""
    found = find_key(key=key, ip="")
    return found.user if found else None


def note_use(*, key: ApiKey, ip: str, now: datetime) -> None:
    """Record its use, at most once a minute. Never waits for another request's record."""
    due_before = now - USE_NOTED_EVERY
    if key.last_used_at and key.last_used_at > due_before:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=due_before)
    free = ApiKey.objects.filter(is_due, pk=key.pk).free()
    with transaction.atomic():  # Django locks rows in a transaction only
        ApiKey.objects.filter(pk__in=free.values("pk")).update(
            last_used_at=now, last_used_ip=ip or None
        )


def _live_key(*, prefix: str) -> ApiKey | None:
    """The live key of this prefix, with its user and group.

    Raw SQL: every API request begins here, and the ORM takes longer than PostgreSQL.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIVE_KEY, [prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    alias, columns = connection.alias, iter(row)
    key = ApiKey.from_db(alias, _KEY, list(islice(columns, len(_KEY))))
    key.allowed_ips = json.loads(key.allowed_ips)
    key.user = User.from_db(alias, _USER, list(islice(columns, len(_USER))))
    key.user.group = (
        CustomerGroup.from_db(alias, _GROUP, list(columns)) if key.user.group_id else None
    )
    return key


def _is_well_formed(key: str) -> bool:
    return len(key) == PREFIX_LENGTH + SECRET_LENGTH and key.isascii() and key.isalnum()


def _digest(key: str) -> str:
    return hmac.new(settings.API_KEY_PEPPER.encode(), key.encode(), hashlib.sha256).hexdigest()
