"""Who asks: the key's user, after the limits that need no database."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts.api_keys import find_key, note_use
from accounts.models import ApiKey, User
from accounts.networks import client_ip
from orders.api.answers import ApiError
from orders.api.asking import Ask


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, with which key, from where."""

    user: User
    key: ApiKey
    ip: str


def admit(request: HttpRequest, ask: Ask, now: datetime) -> Caller:
    """The caller whose key came along. Raises ApiError where there is none, and where the limits are used up."""
    ip = client_ip(request)
    key = find_key(key=ask.key, ip=ip)
    if key is None:
        raise ApiError("Invalid API key")
    note_use(key=key, ip=ip, now=now)
    return Caller(user=key.user, key=key, ip=ip)
