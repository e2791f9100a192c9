"""A provider that repeats our key does not get it into anything that is kept, shown or logged."""

import html
import json
import logging
import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.upstream import KeyMask, ProviderError
from tests.raw_provider import FIELDS, KEY, RawProvider, answer, client_of

ODD_KEY = "Ab/c+d&é\"<9'z-0123456789=="
MASK = KeyMask(KEY)
FORMS = {
    "plain": KEY,
    "upper": KEY.upper(),
    "front half": KEY[:16],
    "back half": KEY[-12:],
    "middle": KEY[7:20],
    "escaped": "".join(f"\\u{ord(character):04x}" for character in KEY),
    "percent": "".join(f"%{ord(character):02X}" for character in KEY),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_key_is_masked_in_every_form(form: str) -> None:
    assert KeyMask(KEY).text(f"bad key {form}!") == "bad key [key]!"


@pytest.mark.parametrize(
    "form",
    [
        ODD_KEY,
        json.dumps(ODD_KEY)[1:-1],
        json.dumps(ODD_KEY)[1:-1].replace("/", "\\/"),
        html.escape(ODD_KEY),
        quote(ODD_KEY),
        quote(ODD_KEY, safe=""),
    ],
)
def test_key_with_odd_characters_is_masked_as_each_encoder_writes_it(form: str) -> None:
    assert KeyMask(ODD_KEY).text(f"({form})") == "([key])"


@given(
    before=st.text(max_size=30),
    after=st.text(max_size=30),
    start=st.integers(0, 22),
    length=st.integers(10, 32),
)
def test_no_run_of_ten_characters_of_the_key_survives(
    before: str, after: str, start: int, length: int
) -> None:
    masked = MASK.text(before + KEY[start : start + length] + after)

    assert not any(KEY[at : at + 10] in masked.lower() for at in range(len(KEY) - 9))


@given(text=st.text(alphabet=st.characters(exclude_characters=KEY)))
def test_text_without_the_key_is_left_as_it_is(text: str) -> None:
    assert MASK.text(text) == text


ECHOES = {
    "error": f'{{"error":"Invalid API key {KEY}"}}'.encode(),
    "escaped error": f'{{"error":"Invalid API key {FORMS["escaped"]}"}}'.encode(),
    "half-escaped error": f'{{"error":"Invalid API key \\u0039{KEY[1:]}"}}'.encode(),
    "HTML": f"<html>key={KEY}</html>".encode(),
    "UTF-16": f"key={KEY}".encode("utf-16"),
    "entries": (
        f'{{"1":{{"error":"{KEY}"}},"{KEY}":{{"status":"{KEY}","currency":"{KEY}"}}}}'.encode()
    ),
    "status": f'{{"status":"{KEY}","charge":"1","remains":"{KEY}"}}'.encode(),
    "catalog": (
        f'[{{"service":1,"name":"{KEY}","rate":"1","min":1,"max":2}},'
        f'{{"service":"{KEY}"}}]'.encode()
    ),
    "currency": f'{{"balance":"1","currency":"{KEY}"}}'.encode(),
    "after 2 KB": b" " * 2030 + KEY.encode() * 200,
}


@pytest.mark.parametrize("body", ECHOES.values(), ids=ECHOES)
def test_echoed_key_is_nowhere_in_outcomes_errors_or_logs(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (200, 400, 500):
        said = said_by_a_client(body, status=status)

        text = "\n".join([*said, caplog.text]).lower()
        assert not any(KEY[at : at + 10] in text for at in range(len(KEY) - 9)), status
        assert not any(
            FORMS["escaped"][at : at + 60] in text for at in range(0, len(FORMS["escaped"]) - 59, 6)
        ), status


def said_by_a_client(body: bytes, *, status: int) -> list[str]:
    """Everything that a client tells of a provider that answers so."""
    said: list[str] = []
    act = answer(body, status=status, headers=f"X-Key: {KEY}\r\nBad header {KEY}\r\n")

    with RawProvider(act) as provider, client_of(provider.url) as client:
        said += [
            repr(client),
            repr(client.add(FIELDS)),
            repr(client.refill(["1"])),
            repr(client.cancel(["1", "2"])),
        ]
        for ask in (
            client.balance,
            client.services,
            lambda: client.status(["1"]),
            lambda: client.refill_status(["1"]),
        ):
            try:
                said.append(repr(ask()))
            except ProviderError as error:
                said += [repr(error), repr(error.exchange), *traceback.format_exception(error)]
    return said


def test_short_words_of_a_readable_key_stay_readable() -> None:
    assert KeyMask("demo-provider-key").text("the provider is paused") == "the provider is paused"
