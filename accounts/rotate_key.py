"""Replacing an API key: its successor has the same name, scope and networks; the old one ends at
the same moment.
"""

from datetime import datetime

from django.db import transaction

from accounts.api_keys import issue_key
from accounts.models import ApiKey


class KeyEnded(Exception):
    """The key was revoked or replaced already; nothing was made."""


@transaction.atomic
def rotate_key(*, key: ApiKey, now: datetime) -> str:
    """Replace `key` and return its successor: the only moment at which it can be seen. Raises
    KeyEnded.

    Of two who ask at once, one gets a key and the other KeyEnded: a key has one successor.
    """
    ended = ApiKey.objects.live().filter(pk=key.pk).update(revoked_at=now)
    if not ended:
        raise KeyEnded
    return issue_key(
        user=key.user, name=key.name, scope=key.scope, allowed_ips=key.allowed_ips, now=now
    )
