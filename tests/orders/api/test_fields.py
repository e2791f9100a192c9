"""Lists in every form that programs send, and how much of anything is read."""

import contextlib
import json
import tracemalloc

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.http import urlencode

from orders.api.answers import ApiError
from orders.api.request import Ask, read
from tests.factories import make_service, make_user
from tests.orders.api.api_client import ADDRESS, FORM, LINK, key_of

JSON = "application/json"
COMMENTS = ["first", "[second]", "third, too"]
IDS = ["1", "2", "3"]


def asked(body: str | bytes, content_type: str = FORM) -> Ask:
    sent = body.encode() if isinstance(body, str) else body
    return read(RequestFactory().generic("POST", ADDRESS, sent, content_type))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (urlencode({"comments[]": COMMENTS, "orders[]": IDS}, doseq=True), FORM),
        (urlencode({"comments": COMMENTS, "orders": IDS}, doseq=True), FORM),
        (urlencode([(f"comments[{at}]", one) for at, one in enumerate(COMMENTS)])
         + "&orders[7]=1&orders[9]=2&orders[x]=3", FORM),
        (urlencode({"comments": json.dumps(COMMENTS), "orders": "[1, 2, 3]"}), FORM),
        (encode_multipart(BOUNDARY, {"comments[]": COMMENTS, "orders[]": IDS}), MULTIPART_CONTENT),
        (json.dumps({"comments": COMMENTS, "orders": [1, "2", 3]}), JSON),
        (json.dumps({"comments[]": COMMENTS, "orders[]": IDS}), JSON),
        (json.dumps({"comments": {"0": COMMENTS[0], "2": COMMENTS[1], "5": COMMENTS[2]},
                     "orders": {"1": 1, "2": 2, "4": 3}}), JSON),
        (json.dumps({"comments": "\n".join(COMMENTS), "orders": "1,2,3"}), JSON),
    ],
    ids=["brackets", "repeated", "numbered", "json in a form", "multipart", "json", "json brackets",
         "json objects", "texts"],
)  # fmt: skip
def test_list_of_any_form_is_one_list(body: str | bytes, content_type: str) -> None:
    assert asked(body, content_type).values == {"comments": "\n".join(COMMENTS), "orders": "1,2,3"}


@pytest.mark.parametrize("name", ["usernames", "hashtags", "keywords", "groups", "refills"])
def test_every_list_of_the_protocol_joins(name: str) -> None:
    joint = "," if name == "refills" else "\n"

    assert asked(f"{name}[]=a&{name}[]=b").values == {name: f"a{joint}b"}


@pytest.mark.parametrize("text", ["[a", "[]", "[[1]]", '["a", 5', '[{"a": 1}]'])
def test_text_in_brackets_that_is_no_list_stays_text(text: str) -> None:
    assert asked(urlencode({"comments": text})).values == {"comments": text}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("a=b&c", {"a": "b", "c": ""}),
        ("a=b=c&&=", {"a": "b=c"}),
        ("a+b=%2B+%zz%&%C3%A9=%ff", {"a b": "+ %zz%", "é": "\ufffd"}),
        ("a=é%C3%A9", {"a": "éé"}),
    ],
)
def test_form_is_decoded_as_browsers_encode_it(body: str, values: dict[str, str]) -> None:
    assert asked(body).values == values


@pytest.mark.parametrize("before", range(4))
def test_long_value_is_decoded_whole(before: int) -> None:
    assert asked("a=" + "x" * before + "%C3%A9" * 10_000).values == {
        "a": "x" * before + "é" * 10_000
    }


def test_name_that_is_no_list_has_its_last_value() -> None:
    assert asked("link=a&link=b&quantity[]=5").values == {"link": "b", "quantity": "5"}


@pytest.mark.django_db
@pytest.mark.parametrize("pack", ["form", "brackets", "multipart", "json"])
def test_order_is_bounded_by_lines_not_bytes(pack: str) -> None:
    ann = make_user(balance="1000")
    service = make_service(type="Custom Comments", max_quantity=1000)
    lines = [f"{number} " + "🚀 what a picture! " * 4 for number in range(1000)]
    fields: dict[str, str | int] = {
        "key": key_of(ann),
        "action": "add",
        "service": service.pk,
        "link": LINK,
    }
    body = {
        "form": urlencode({**fields, "comments": "\r\n".join(lines)}),
        "brackets": urlencode([*fields.items(), *(("comments[]", line) for line in lines)]),
        "multipart": encode_multipart(BOUNDARY, {**fields, "comments[]": lines}),
        "json": json.dumps({**fields, "comments": lines}),
    }[pack]
    content_type = {"multipart": MULTIPART_CONTENT, "json": JSON}.get(pack, FORM)

    answer = Client().generic("POST", ADDRESS, body, content_type)

    order = ann.orders.get()
    assert answer.content == b'{"order":%d}' % order.pk
    assert (len(body) > 64 * 1024, order.billed_quantity) == (True, 1000)
    assert order.fields["comments"].split("\n") == [line.strip() for line in lines]


MOST = settings.API_MAX_BODY
LARGEST = {
    "letters": (b"key=" + b"a" * (MOST - 4), FORM),
    "percents": (b"key=" + b"%41" * ((MOST - 4) // 3), FORM),
    "percents alone": (b"key=" + b"%" * (MOST - 4), FORM),
    "percents between": (b"key=" + b"%41a" * ((MOST - 4) // 4), FORM),
    "fields": (b"a=1&" * (MOST // 4), FORM),
    "json numbers": (b"[" + b"11," * ((MOST - 3) // 3) + b"1]", JSON),
    "json texts": (b"[" + b'"ab",' * ((MOST - 3) // 5) + b"1]", JSON),
    "json quotes": (b'{"a":"' + b'\\"' * ((MOST - 8) // 2) + b'"}', JSON),
    "json quote not closed": (b'\\"' * (MOST // 2), JSON),
    "json depth": (b"[" * MOST, JSON),
    "json fraction": (b'{"a":1.' + b"9" * (MOST - 8) + b"}", JSON),
}


@pytest.mark.parametrize(("body", "content_type"), LARGEST.values(), ids=LARGEST)
def test_largest_body_takes_bounded_memory(body: bytes, content_type: str) -> None:
    """What the reader holds at its worst moment, whatever a stranger puts into the body."""
    request = RequestFactory().generic("POST", ADDRESS, body, content_type)
    tracemalloc.start()
    try:
        with contextlib.suppress(ApiError):  # too many fields
            read(request)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 30 * MOST


def test_more_fields_than_any_order_has_are_refused() -> None:
    with pytest.raises(ApiError) as refusal:
        asked("comments[]=a&" * 10_300)

    assert refusal.value.text == "The request has too many fields"
