"""Links that no database could hold are refused as any other wrong link, and cost nothing."""

import json

import pytest
from django.test import Client

from tests.factories import make_service, make_user
from tests.orders.api.api_client import ADDRESS, key_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "more", [{}, {"max_charge": "5"}, {"idempotency_key": "mine"}], ids=["plain", "most", "key"]
)
@pytest.mark.parametrize(
    "link",
    ["\0", "https://example.com/\0", "\ud800", "\udfff/", "a\u2028b", "https://x.example/\x7f"],
)
def test_link_that_cannot_be_stored_is_refused(link: str, more: dict[str, str]) -> None:
    ann = make_user(balance="10")
    order = {
        "key": key_of(ann),
        "action": "add",
        "service": make_service().pk,
        "link": link,
        "quantity": 100,
        **more,
    }

    answer = Client().post(ADDRESS, json.dumps(order), content_type="application/json")

    assert (answer.status_code, answer.content) == (200, b'{"error":"neworder.error.link"}')
    assert not ann.orders.exists()
