"""Asks the served API as a program does: form fields in, raw bytes out."""

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.test import Client
from django.utils.http import urlencode

from accounts.api_keys import issue_key
from accounts.models import User
from catalog.models import Service
from tests.factories import NOW

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

ADDRESS = "/api/v2"
FORM = "application/x-www-form-urlencoded"
LINK = "https://example.com/page"


def key_of(
    user: User, *, name: str = "program", scope: str = "order", allowed_ips: tuple[str, ...] = ()
) -> str:
    """A new key of the user."""
    return issue_key(user=user, name=name, now=NOW, scope=scope, allowed_ips=allowed_ips)


def post(
    fields: dict[str, object], *, address: str = ADDRESS, headers: dict[str, str] | None = None
) -> "Response":
    """The whole answer to a form."""
    form = urlencode({name: str(value) for name, value in fields.items()})
    return Client().post(address, form, content_type=FORM, headers=headers)


def ask(key: str, action: str, **fields: object) -> bytes:
    """The bytes of an answer with status 200."""
    answer = post({"key": key, "action": action, **fields})
    assert answer.status_code == HTTPStatus.OK, answer.content
    return bytes(answer.content)


def add(key: str, service: Service, /, **fields: object) -> bytes:
    """The bytes of the answer to an order of 100 for LINK, where `fields` say nothing else."""
    return ask(key, "add", **{"service": service.pk, "link": LINK, "quantity": 100, **fields})


def error(text: str) -> bytes:
    """The bytes of an error."""
    return json.dumps({"error": text}, separators=(",", ":")).encode()
