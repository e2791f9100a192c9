"""Which answers are compressed, and by whom."""

import gzip

import pytest
from django.test import Client

from tests.factories import make_service, make_user
from tests.orders.api.api_client import ADDRESS, key_of

pytestmark = pytest.mark.django_db
GZIP = {"Accept-Encoding": "gzip"}


def test_pages_are_compressed_for_browsers_that_ask(client: Client) -> None:
    for number in range(20):
        make_service(name=f"Followers {number}")

    plain, packed = client.get("/services"), client.get("/services", headers=GZIP)

    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert len(packed.content) * 4 < len(plain.content)
    assert b"Followers 19" in gzip.decompress(packed.content)


def test_the_length_of_a_page_does_not_tell_what_is_in_it(client: Client) -> None:
    """BREACH: a random pad makes the same page differ in length."""
    lengths = {len(client.get("/accounts/login/", headers=GZIP).content) for _ in range(30)}

    assert len(lengths) > 3


def test_the_apis_own_compression_is_not_compressed_again(client: Client) -> None:
    make_service(name="Followers " * 50)
    key = key_of(make_user())

    answer = client.post(ADDRESS, {"key": key, "action": "services"}, headers=GZIP)

    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content).startswith(b'[{"service":')
