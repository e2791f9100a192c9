"""Replace an API key by one of the same name, scope and networks."""

from datetime import datetime

from django.db import transaction

from accounts.api_keys import issue_key
from accounts.models import ApiKey


class KeyEnded(Exception):
    """The key was already revoked or replaced; nothing was issued."""


@transaction.atomic
def rotate_key(*, key: ApiKey, now: datetime) -> str:
    """The successor, which can be seen only now; the old key ends at once.

    Raises KeyEnded, for the second of two at once, too: a key has one successor.
    """
    ended = ApiKey.objects.live().filter(pk=key.pk).update(revoked_at=now)
    if not ended:
        raise KeyEnded
    return issue_key(
        user=key.user, name=key.name, scope=key.scope, allowed_ips=key.allowed_ips, now=now
    )
