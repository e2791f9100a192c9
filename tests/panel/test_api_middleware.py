"""Whatever a program makes of the API's address, it is answered as a program."""

import json

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.factories import make_user
from tests.orders.api.api_client import FORM, key_of

pytestmark = pytest.mark.django_db
HOST = "http://testserver"  # before the path, since //api would be a host
SLIPS = [
    "/api", "/api/", "//api/v2", "/api//v2", "///api/v2///", "/api/v2/index.php", "/api/v2.php",
    "/api/v2/.php", "/api.php", "/api/index.php", "/API/V2", "/api/v2/balance", "/api/v2/add/",
    "/api/v2%20", "/api/v2/\ufeff", "/api/v2/openapi.json/", "/api/services",
]  # fmt: skip


@pytest.mark.parametrize("address", SLIPS)
def test_address_that_is_slightly_wrong_is_served(address: str) -> None:
    form = f"key={key_of(make_user(balance='5'))}&action=balance"

    answer = Client().post(HOST + address, form, content_type=FORM)

    assert answer.content == b'{"balance":"5.00000","currency":"USD"}'
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("address", SLIPS[1:])
def test_reading_such_an_address_is_an_error_in_json(address: str) -> None:
    answer = Client().get(HOST + address)

    assert (answer.status_code, answer.content) == (200, b'{"error":"Incorrect request"}')


@pytest.mark.parametrize("address", ["/api/v1", "/api/v3/", "//api/v22", "/api/v1.php"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_version_is_told_where_this_one_is(address: str, method: str) -> None:
    answer = getattr(Client(), method)(HOST + address)

    with override_settings(SITE_URL="http://127.0.0.1:8000"):
        assert json.loads(answer.content) == {
            "error": "The API's address is http://127.0.0.1:8000/api/v2"
        }


def test_pages_and_the_description_are_not_the_api() -> None:
    assert Client().get("/api").headers["Content-Type"].startswith("text/html")
    assert "openapi" in Client().get("/api/v2/openapi.json").json()
    assert Client().get("/apis").status_code == 404


@pytest.mark.parametrize("address", ["/api/v2", "//api/v2", "/api/v2.php", "/api"])
def test_plain_http_is_said_instead_of_redirected(address: str) -> None:
    with override_settings(
        SECURE_SSL_REDIRECT=True,
        SECURE_REDIRECT_EXEMPT=settings.SECURE_REDIRECT_EXEMPT,
    ):
        answer = Client().post(HOST + address, "key=k", content_type=FORM)
        page = Client().get("/api?code=php")

    assert answer.content == b'{"error":"This API is served over https only"}'
    assert (page.status_code, page.headers["Location"].endswith("/api?code=php")) == (301, True)
