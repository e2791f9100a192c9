"""Authenticate a request by its API key, after the rate limits."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from accounts.api_keys import find_key, fingerprint, note_use
from accounts.models import ApiKey, User
from lib.ip_addresses import client_ip, counted_as
from orders.api.answers import ApiError
from orders.api.rate_limit import limiter
from orders.api.request import Ask


@dataclass(frozen=True, slots=True)
class Caller:
    """A user with the key and the IP address of the request."""

    user: User
    key: ApiKey
    ip: str


def admit(request: HttpRequest, ask: Ask, now: datetime) -> Caller:
    """The caller of a request. One query, and none above the limits.

    Raises ApiError if the key is invalid or not allowed from this address, and above the limits.
    """
    ip = client_ip(request)
    print_of_key = fingerprint(ask.key)
    counts = limiter.count(ip=counted_as(ip), key=print_of_key, now=now)
    key = find_key(key=ask.key, ip=ip)
    if key is None:
        limiter.count_wrong_key(ip=counted_as(ip), now=now)
        raise ApiError("Invalid API key")
    most = requests_per_minute(key.user)
    limiter.learn(key=print_of_key, most=most)
    counts.reject_above(most_of_key=most)
    note_use(key=key, ip=ip, now=now)
    return Caller(user=key.user, key=key, ip=ip)


def requests_per_minute(user: User) -> int:
    """The limit for each key of the user."""
    return user.group.requests_per_minute if user.group else settings.API_REQUESTS_PER_MINUTE


def orders_per_minute(user: User) -> int:
    """The limit for all of the user's API orders."""
    return user.group.orders_per_minute if user.group else settings.API_ORDERS_PER_MINUTE
