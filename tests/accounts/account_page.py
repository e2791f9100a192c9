"""API keys as the account page has them: where one is ended, and the one that a page shows."""

import re

from accounts.models import ApiKey


def address(key: str, act: str) -> str:
    """Where that key is revoked, or replaced (`rotate`)."""
    return f"/account/keys/{ApiKey.objects.get(prefix=key[:8]).pk}/{act}"


def shown(page: str) -> str:
    """The key that a page shows."""
    match = re.search(r'id="new-key">([^<]+)<', page)
    assert match is not None
    return match[1]
