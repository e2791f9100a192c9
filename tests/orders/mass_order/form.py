"""The form of a mass order as a browser sends it."""

import re
from html import unescape

from django.test import Client

URL = "/orders/mass"


def offer_in(page: str) -> str:
    found = re.search(r'name="offer" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def check(client: Client, text: str) -> dict[str, str]:
    """The form as the page that checked the lines holds it."""
    return {"text": text, "offer": offer_in(client.post(URL, {"text": text}).content.decode())}


def verdicts(client: Client, form: dict[str, str], **more: str) -> list[str]:
    response = client.post(URL, form | more)
    return [str(line.verdict) for line in response.context["check"].lines]


def notes(client: Client, text: str) -> list[str]:
    return [line.note for line in client.post(URL, {"text": text}).context["check"].lines]
