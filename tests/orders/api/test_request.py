"""However a program packs its fields, they mean the same; what cannot be read is absent, never a
page.
"""

import gzip
import io
import json
from http import HTTPStatus

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from orders.api.answers import ApiError
from orders.api.request import Ask, read
from tests.factories import make_service, make_user
from tests.orders.api.api_client import ADDRESS, FORM, key_of

LINK = "https://example.com/page"


def asked(body: bytes | str, content_type: str = FORM, /, **extra: object) -> Ask:
    sent = body.encode() if isinstance(body, str) else body
    return read(RequestFactory().generic("POST", ADDRESS, sent, content_type, **extra))  # type: ignore[arg-type]


def in_chunks(raw: bytes) -> dict[str, object]:
    """What the server makes of a request whose length nobody says: it unpacks the chunks while
    they are read.
    """
    body = Body(ChunkedReader(None, IterUnreader([raw])))
    return {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": body}


def chunked(body: bytes) -> dict[str, object]:
    """The body in two chunks."""
    parts = body[:9], body[9:]
    return in_chunks(b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")


def from_json(tree: object) -> dict[str, str]:
    return dict(asked(json.dumps(tree), "application/json").values)


@pytest.fixture
def customer() -> User:
    return make_user(balance="100")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pack",
    ["form", "multipart", "json", "json without a type", "form in chunks", "multipart in chunks"],
)
def test_every_body_orders_the_same(customer: User, pack: str) -> None:
    fields = {
        "key": key_of(customer),
        "action": "add",
        "service": make_service().pk,
        "link": LINK,
        "quantity": 100,
    }
    form = "&".join(f"{name}={value}" for name, value in fields.items())
    client = Client()

    match pack:
        case "form":
            answer = client.post(ADDRESS, form, content_type=FORM)
        case "multipart":
            answer = client.post(ADDRESS, fields)
        case "json":
            answer = client.post(ADDRESS, json.dumps(fields), content_type="application/json")
        case "json without a type":
            answer = client.post(ADDRESS, json.dumps(fields), content_type="text/plain")
        case "form in chunks":
            answer = client.generic("POST", ADDRESS, form, FORM, **chunked(form.encode()))  # type: ignore[arg-type]
        case _:
            body = encode_multipart(BOUNDARY, fields)
            answer = client.generic("POST", ADDRESS, body, MULTIPART_CONTENT, **chunked(body))  # type: ignore[arg-type]

    [order] = customer.orders.all()
    assert answer.content == b'{"order":%d}' % order.pk
    assert (order.link, order.quantity) == (LINK, 100)


def test_numbers_booleans_null_and_lists_of_json_are_what_programs_mean() -> None:
    tree = {
        "quantity": 1000,
        "runs": 3.0,
        "rate": 0.5,
        "small": 1e-7,
        "flag": True,
        "off": False,
        "interval": None,
        "orders": [1, "2", 3],
        "comments": ["first", "second", ["no line"], None],
        "object": {"a": 1},
        "text": "a,b",
    }

    assert from_json(tree) == {
        "quantity": "1000",
        "runs": "3",
        "rate": "0.5",
        "small": "0.0000001",
        "flag": "1",
        "off": "0",
        "interval": "",
        "orders": "1,2,3",
        "comments": "first\nsecond\n\n",
        "object": "",
        "text": "a,b",
    }


def test_lists_as_php_writes_them_are_lists() -> None:
    assert asked("orders[0]=1&orders[1]=2&refills[]=3&refills%5B%5D=4").values == {
        "orders": "1,2",
        "refills": "3,4",
    }


@pytest.mark.parametrize(
    "body",
    [
        "[" * 60_000,
        '{"a":' * 10_000,
        '{"link":' + "[" * 600 + "]" * 600 + "}",  # not too deep for JSON itself
        "{",
        "[]",
        '"text"',
        "null",
        '{"key":NaN,"action":1e999999999}',
        '{"action":' + "9" * 60_000 + "}",
        b"\xff\xfe\x00{",
        b"\x00" * 1000,
    ],
)
def test_hostile_json_is_read_quickly_as_no_request(body: str | bytes) -> None:
    found = asked(body, "application/json")

    assert found.key in {"", "NaN"}
    assert found.action in {"", "1e999999999"} or len(found.action) == 60_000


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"broken", "multipart/form-data"),
        (b"a=1&" * 5000, FORM),
        (b"%00%ff%zz=%", FORM),
        (b"a=1", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"a=1", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"", ""),
    ],
)
def test_body_that_cannot_be_read_has_no_key(body: bytes, content_type: str) -> None:
    assert asked(body, content_type).key == ""


@pytest.mark.parametrize(
    "raw",
    [b"zz\r\nkey=k\r\n0\r\n\r\n", b"5\r\nkey=key=k\r\n0\r\n\r\n", b"5\r\nkey=k\r\n", b"5\r\nkey="],
)
def test_chunks_that_are_none_or_end_early_have_no_key(raw: bytes) -> None:
    assert asked(b"", **in_chunks(raw)).key == ""


def test_body_that_was_cut_off_orders_nothing() -> None:
    sent = b"key=k&action=add&quantity=10"

    whole = asked(b"", CONTENT_LENGTH=str(len(sent)), **{"wsgi.input": io.BytesIO(sent)})
    cut_off = asked(b"", CONTENT_LENGTH=str(len(sent) + 2), **{"wsgi.input": io.BytesIO(sent)})

    assert (whole.action, cut_off.action, cut_off.key) == ("add", "", "")


def test_type_of_a_body_is_read_in_any_case() -> None:
    content_type = MULTIPART_CONTENT.replace("multipart/form-data", "Multipart/Form-Data")

    assert asked(encode_multipart(BOUNDARY, {"key": "k"}), content_type).key == "k"


@pytest.mark.parametrize(
    "content_type", [FORM, "application/json", "multipart/form-data; boundary=x"]
)
def test_body_above_the_most_is_refused_unread(content_type: str) -> None:
    with pytest.raises(ApiError) as refusal:
        asked(b"a" * (2048 * 1024 + 1), content_type)

    assert refusal.value.text == "The request is larger than 2048 KB"


@pytest.mark.parametrize(
    "header", [{"HTTP_X_API_KEY": " k "}, {"HTTP_AUTHORIZATION": "bearer k"}], ids=["own", "bearer"]
)
def test_key_may_come_in_a_header(header: dict[str, str]) -> None:
    assert asked("action=balance", **header).key == "k"
    assert asked("action=balance&key=field", **header).key == "field"


def test_no_key_is_read_from_other_credentials() -> None:
    assert asked("action=balance", HTTP_AUTHORIZATION="Basic azpr").key == ""


def test_key_and_action_are_read_without_what_nobody_sees() -> None:
    found = asked("key=\ufeffab\u200bc d\u00a0\n&action= balance\u2060")

    assert (found.key, found.action) == ("abcd", "balance")


def test_key_is_not_shown_where_a_request_is() -> None:
    assert "secret" not in repr(asked("key=secret&action=balance"))


def test_header_of_the_idempotency_key_comes_before_the_field() -> None:
    both = asked("idempotency_key=field", HTTP_IDEMPOTENCY_KEY=" header ")

    assert (both.idempotency_key, asked("idempotency_key=field").idempotency_key) == (
        "header",
        "field",
    )
    assert asked("idempotency_key=").idempotency_key is None
    assert "idempotency_key" not in both.values


@pytest.mark.django_db
@pytest.mark.parametrize(
    "verb", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]
)
def test_other_verbs_are_an_error_in_json(customer: User, verb: str) -> None:
    answer = Client().generic(verb, f"{ADDRESS}?key={key_of(customer)}&action=balance")

    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == (b"" if verb == "HEAD" else b'{"error":"Incorrect request"}')


@pytest.mark.django_db
def test_get_answers_where_it_is_allowed(customer: User) -> None:
    with override_settings(API_ALLOW_GET=True):
        answer = Client().get(ADDRESS, {"key": key_of(customer), "action": "balance"})

    assert answer.content == b'{"balance":"100.00000","currency":"USD"}'


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("key=k&action=balance", ""),
        ("action=balance", "key=k"),
        ("key=k", "action=balance"),
        ("service=1&link=x", "key=k&action=add"),
        ("comments[]=a", "key=k&action=add"),
    ],
)
def test_fields_in_the_address_of_a_post_are_said_to_belong_in_its_body(
    query: str, form: str
) -> None:
    def request() -> WSGIRequest:
        return RequestFactory().post(f"{ADDRESS}?{query}", form, content_type=FORM)

    with pytest.raises(ApiError) as refusal:
        read(request())
    with override_settings(API_ALLOW_GET=True):
        found = read(request())

    assert refusal.value.text == "Send all fields in the body of the POST request, not in its URL"
    assert (found.key, found.action in {"balance", "add"}) == ("k", True)


def test_what_else_stands_in_the_address_of_a_post_is_not_looked_at() -> None:
    for is_allowed in (True, False):
        request: WSGIRequest = RequestFactory().post(
            f"{ADDRESS}?key=other&v=2", "key=k&action=balance", content_type=FORM
        )
        with override_settings(API_ALLOW_GET=is_allowed):
            found = read(request)

        assert (found.key, found.action) == ("k", "balance")


def test_compressed_body_is_no_way_around_the_limit() -> None:
    assert asked(gzip.compress(b"key=k"), HTTP_CONTENT_ENCODING="gzip").key == ""


texts = st.text(max_size=40) | st.sampled_from(
    ["1", "0", "-1", "undefined", "1,2,x", "9" * 30, "\ud800", "\0", "1e9"]
)
names = st.sampled_from(
    ["order", "orders", "refill", "refills", "service", "link", "quantity", "runs", "comments"]
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    action=st.sampled_from(
        ["status", "add", "refill", "cancel", "refill_status", "balance", "services"]
    )
    | texts,
    fields=st.dictionaries(
        names | st.text(max_size=10),
        texts | st.integers() | st.none() | st.lists(texts, max_size=3),
    ),
    is_form=st.booleans(),
)
def test_no_request_is_answered_with_anything_but_json(
    customer: User, action: str, fields: dict[str, object], is_form: bool
) -> None:
    user = make_user(balance="1")
    everything = {**fields, "key": key_of(user), "action": action}
    if is_form:
        flat = {name: str(value).encode("utf-8", "replace") for name, value in everything.items()}
        answer = Client().post(ADDRESS, flat)
    else:
        answer = Client().post(ADDRESS, json.dumps(everything), content_type="application/json")

    assert answer.status_code == HTTPStatus.OK
    json.loads(answer.content)
