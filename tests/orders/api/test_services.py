"""`services` as bytes on the wire: encodings, conditions, and how little it asks of the
database.
"""

import gzip
import json
from collections.abc import Callable
from http import HTTPStatus

import brotli
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from catalog.models import Service
from catalog.prices.price_list import PriceGroup, write_list
from catalog.prices.price_list_cache import PriceLists
from orders.api.services import encoding_for
from tests.factories import make_category, make_service, make_user
from tests.orders.api.api_client import ask, key_of, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> str:
    return key_of(make_user(), scope="read")


def headers(**values: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in values.items()}


def test_services_are_answered_in_the_protocols_bytes(key: str) -> None:
    service = make_service(
        category=make_category(name="First Category"), price="0.90", is_cancel=True
    )

    assert ask(key, "services") == (
        b'[{"service":%d,"name":"Followers","type":"Default","category":"First Category","rate":"0.90",'
        b'"min":"10","max":"10000","refill":false,"cancel":true}]' % service.pk
    )


def test_an_empty_shop_answers_an_empty_list(key: str) -> None:
    assert ask(key, "services") == b"[]"


def test_a_client_that_names_no_encoding_reads_plain_bytes(key: str) -> None:
    make_service()

    answer = post({"key": key, "action": "services"})

    assert (answer.status_code, answer["Content-Type"]) == (HTTPStatus.OK, "application/json")
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["Vary"] == "Accept-Encoding"
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Content-Encoding" not in answer
    assert not answer.cookies


@pytest.mark.parametrize(
    ("encoding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)]
)
def test_compressed_answers_hold_the_plain_bytes(
    key: str, encoding: str, unpack: Callable[[bytes], bytes]
) -> None:
    make_service()
    plain = ask(key, "services")

    answer = post({"key": key, "action": "services"}, headers=headers(Accept_Encoding=encoding))

    assert unpack(answer.content) == plain
    assert answer["Content-Encoding"] == encoding
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0", "identity"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("deflate, zstd", "identity"),
        ("gzip;q=nonsense", "identity"),
        (",;,=;q", "identity"),
    ],
)
def test_the_encoding_is_the_one_the_client_likes_best(accepted: str, encoding: str) -> None:
    assert encoding_for(accepted) == encoding


def test_a_client_that_has_the_list_is_told_so_until_it_changes(key: str) -> None:
    make_service()
    fields: dict[str, object] = {"key": key, "action": "services"}
    etag = post(fields)["ETag"]

    for condition in (etag, f'"other", W/{etag}', "*"):
        answer = post(fields, headers=headers(If_None_Match=condition))
        assert (answer.status_code, answer.content, answer["ETag"]) == (
            HTTPStatus.NOT_MODIFIED,
            b"",
            etag,
        )
        assert "Content-Encoding" not in answer

    Service.objects.update(own_name="Renamed")
    answer = post(fields, headers=headers(If_None_Match=etag))
    assert (answer.status_code, json.loads(answer.content)[0]["name"]) == (HTTPStatus.OK, "Renamed")
    assert answer["ETag"] != etag


def test_the_mark_of_one_encoding_does_not_stand_for_another(key: str) -> None:
    fields: dict[str, object] = {"key": key, "action": "services"}
    etag = post(fields)["ETag"]

    answer = post(fields, headers=headers(Accept_Encoding="gzip", If_None_Match=etag))

    assert answer.status_code == HTTPStatus.OK


def test_a_second_request_asks_the_catalog_for_nothing(
    key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_service()
    first = ask(key, "services")

    with django_assert_num_queries(2) as queries:  # whose key it is, and the version of the list
        assert ask(key, "services") == first

    assert not any("catalog_service" in query["sql"] for query in queries.captured_queries)


def test_who_cannot_be_given_the_first_list_in_time_is_asked_to_come_back(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []

    def write(_group: PriceGroup) -> bytes:
        answers.append(post({"key": key, "action": "services"}))  # while the list is being written
        return b"[]"

    lists = PriceLists(write=write, patience=0)
    monkeypatch.setattr("orders.api.services.LISTS", lists)

    assert ask(key, "services") == b"[]"

    [answer] = answers
    assert (answer.status_code, answer["Retry-After"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "1")
    assert answer.content == b'{"error":"Service unavailable"}'


def test_fields_that_the_operator_adds_come_behind_the_documented_ones(settings: Settings) -> None:
    settings.API_SERVICES_EXTRA = ["dripfeed", "desc", "average_time", "currency"]
    make_service(is_dripfeed=True)
    make_service(type="Package", is_dripfeed=True)
    Service.objects.update(upstream_description="Theirs", average_time="2 hours")
    Service.objects.filter(type="Package").update(own_description="Ours")

    rows = json.loads(write_list(PriceGroup.EVERYBODY))
    described = json.loads(Client().get("/api/v2/openapi.json").content)

    assert [list(row.items())[9:] for row in rows] == [
        [("dripfeed", True), ("desc", "Theirs"), ("average_time", "2 hours"), ("currency", "USD")],
        [("dripfeed", False), ("desc", "Ours"), ("average_time", "2 hours"), ("currency", "USD")],
    ]
    assert described["components"]["schemas"]["Service"]["required"] == list(rows[0])
