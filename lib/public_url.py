"""Validation of URLs that users enter: public addresses only, unless private ones are allowed."""

import ipaddress
import socket
from typing import Final

from django import forms

from lib.typed_text import compact
from outbound.endpoint import is_public, parse_url
from outbound.errors import ForbiddenAddress

HERE: Final = ("localhost", ".localhost", ".local", ".internal", ".localdomain")


def check_url(text: str, *, is_private_allowed: bool) -> str:
    """The URL without blanks. Raises forms.ValidationError. Host names are resolved on connecting."""
    url = compact(text)
    try:
        host = parse_url(url, is_private_allowed=is_private_allowed).host
    except ForbiddenAddress as problem:
        raise forms.ValidationError(_sentence(str(problem))) from None
    if not is_private_allowed and _is_private(host):
        raise forms.ValidationError("The URL points to an address that is not public.")
    return url


def _is_private(host: str) -> bool:
    """Whether the host is private by its name or number; asks no name server."""
    if host in HERE or host.endswith(HERE):
        return True
    try:
        # also 127.1 and 0x7f000001
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return "." not in host
    return not all(is_public(str(ipaddress.ip_address(address[4][0]))) for address in found)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
