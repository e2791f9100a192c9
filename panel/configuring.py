"""Reads typed values from the environment; a wrong value stops the start and names the variable."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on", "y", "t"}
_FALSE = {"0", "false", "no", "off", "n", "f", ""}


def flag(env: environ.Env, name: str, *, default: bool) -> bool:
    """True or false; anything but the usual words raises ImproperlyConfigured."""
    text = env.str(name, default="on" if default else "off").strip().lower()
    if text not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be on or off, not {text!r}")
    return text in _TRUE


def positive_seconds(env: environ.Env, name: str, *, default: float) -> float:
    """A number of seconds above zero."""
    text = env.str(name, default=str(default))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**8:
        raise ImproperlyConfigured(f"{name} must be a number of seconds above 0, not {text!r}")
    return seconds


def whole_number(env: environ.Env, name: str, *, default: int, least: int) -> int:
    """A whole number not below `least`."""
    text = env.str(name, default=str(default))
    if not text.strip().isdigit() or int(text) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {text!r}")
    return int(text)


def amount(env: environ.Env, name: str, *, default: int) -> Decimal:
    """An amount of money, panel's currency, not negative."""
    text = env.str(name, default=str(default)).strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise ImproperlyConfigured(f"{name} must be an amount of at least 0, not {text!r}")
    return value


def one_of(env: environ.Env, name: str, *, default: str, choices: Mapping[str, str]) -> str:
    """What `choices` holds under the word that the variable gives."""
    word = env.str(name, default=default)
    if word not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {word!r}")
    return choices[word]
