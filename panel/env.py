"""Typed values from the environment. An invalid value stops the start and names its variable.

An empty variable counts as not set: `NAME=` in `.env` means the default.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on", "y", "t"}
_FALSE = {"0", "false", "no", "off", "n", "f"}


def text(env: environ.Env, name: str, *, default: str) -> str:
    """The text without surrounding spaces."""
    return env.str(name, default="").strip() or default


def words(env: environ.Env, name: str, *, default: list[str]) -> list[str]:
    """A comma-separated list."""
    return [
        word for word in (part.strip() for part in env.str(name, default="").split(",")) if word
    ] or default


def flag(env: environ.Env, name: str, *, default: bool) -> bool:
    """True or false. Raises ImproperlyConfigured for unusual words."""
    word = text(env, name, default="on" if default else "off").lower()
    if word not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be on or off, not {word!r}")
    return word in _TRUE


def positive_seconds(env: environ.Env, name: str, *, default: float) -> float:
    """A number of seconds above zero."""
    number = text(env, name, default=str(default))
    try:
        seconds = float(number)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**8:
        raise ImproperlyConfigured(f"{name} must be a number of seconds above 0, not {number!r}")
    return seconds


def whole_number(env: environ.Env, name: str, *, default: int, least: int) -> int:
    """A whole number not below `least`."""
    number = text(env, name, default=str(default))
    if not number.isdecimal() or int(number) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number of at least {least}, not {number!r}"
        )
    return int(number)


def amount(env: environ.Env, name: str, *, default: int) -> Decimal:
    """An amount of money, panel's currency, not negative."""
    number = text(env, name, default=str(default))
    try:
        value = Decimal(number)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise ImproperlyConfigured(f"{name} must be an amount of at least 0, not {number!r}")
    return value


def one_of(env: environ.Env, name: str, *, default: str, choices: Mapping[str, str]) -> str:
    """The value of `choices` for the variable's word, case-insensitive."""
    word = text(env, name, default=default)
    found = {choice.lower(): value for choice, value in choices.items()}
    if word.lower() not in found:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {word!r}")
    return found[word.lower()]


def some_of(env: environ.Env, name: str, *, choices: Collection[str]) -> list[str]:
    """The chosen words of a comma-separated list, in the order of `choices`."""
    wanted = [word.lower() for word in words(env, name, default=[])]
    unknown = sorted(set(wanted) - set(choices))
    if unknown:
        raise ImproperlyConfigured(
            f"{name} may list {', '.join(choices)}, not {', '.join(map(repr, unknown))}"
        )
    return [word for word in choices if word in wanted]


def address(name: str, url: str, *, schemes: Collection[str]) -> SplitResult:
    """The parts of a URL with one of these schemes. Errors omit it: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed only now: may be no number
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is not a valid URL; special characters in a password must be percent-encoded"
        ) from None
    beginnings = tuple(f"{scheme}://" for scheme in schemes)
    if not url.lower().startswith(beginnings):
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(beginnings)}")
    return parts


def fernet_keys(env: environ.Env, name: str, *, default: list[str]) -> list[str]:
    """Keys for MultiFernet, newest first. Errors omit them."""
    keys = words(env, name, default=default)
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        message = f"{name} must hold Fernet keys (32 bytes in URL-safe base64), separated by commas"
        raise ImproperlyConfigured(message) from None
    return keys


def mail_settings(env: environ.Env, name: str) -> dict[str, Any]:
    """Django's settings for a URL like smtp+tls://user:password@host:587; empty if not set."""
    url = text(env, name, default="")
    if not url:
        return {}
    parts = address(name, url, schemes=env.EMAIL_SCHEMES)
    if parts.scheme.startswith("smtp") and not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must name a mail server, for example smtp+tls://user:password@mail.example:587"
        )
    return dict(env.email_url_config(url))
