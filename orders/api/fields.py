"""Forms, multipart and JSON as fields by name, with lists joined as each field needs."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from catalog.upstream.service_types import TYPES
from orders.placing.check_fields import MAX_LINES

# lists of these are joined by commas, others by line breaks
ID_LISTS: Final = frozenset({"orders", "refills"})
LINE_LISTS: Final = frozenset(
    one.name for kind in TYPES for one in kind.fields if one.kind == "lines"
)
MAX_FIELDS: Final = MAX_LINES + 200  # a list may come as one field a line
SMALL: Final = 64 * 1024  # characters; what is in so few needs no counting
MAX_NUMBER_LENGTH: Final = 40  # digits of a JSON number without an exponent
# to the end of the text where it does not end: each character is looked at once
JSON_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
ESCAPE: Final = re.compile(rb"%[0-9a-fA-F]{2}")
PIECE: Final = 16 * 1024  # bytes


class TooManyFields(Exception):
    """More values than the largest order has lines."""


class TooLarge(Exception):
    """More bytes than settings allow."""


def from_form(text: str) -> dict[str, str]:
    """The fields of a form or a query string. Raises TooManyFields."""
    if text.count("&") >= MAX_FIELDS:
        raise TooManyFields
    return _joined(
        (_decoded(name), _decoded(value))
        for name, _, value in (pair.partition("=") for pair in text.split("&"))
        if name or value
    )


def _decoded(text: str) -> str:
    """A name or a value, decoded in pieces: at once it takes fifty times a text's memory."""
    plain = text.replace("+", " ")
    if "%" not in plain:
        return plain
    raw = plain.encode(errors="replace")
    pieces = (ESCAPE.sub(_byte_of, piece) for piece in _pieces(raw))
    return b"".join(pieces).decode(errors="replace")


def _byte_of(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[0][1:], 16),))


def _pieces(raw: bytes) -> Iterator[bytes]:
    """The bytes in order, no escape parted."""
    start = 0
    while start < len(raw):
        end = start + PIECE
        for begin in (end - 2, end - 1):
            if ESCAPE.match(raw, begin):
                end = begin + 3
                break
        yield raw[start:end]
        start = end


def from_parts(request: HttpRequest, body: bytes) -> dict[str, str]:
    """The fields of a multipart body. Not `request.POST`, which treats a chunked one as empty.

    Raises TooManyFields, TooLarge.
    """
    _, _, parameters = request.META["CONTENT_TYPE"].partition(";")
    head = {"CONTENT_TYPE": f"multipart/form-data;{parameters}", "CONTENT_LENGTH": len(body)}
    try:
        form, _ = MultiPartParser(head, io.BytesIO(body), request.upload_handlers, "utf-8").parse()
    except RequestDataTooBig:
        raise TooLarge from None
    except TooManyFieldsSent:
        raise TooManyFields from None
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnicodeError):
        return {}
    return _joined((name, str(value)) for name, values in form.lists() for value in values)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One text per name. Of a list's parts, all; of any other name, the last.

    PHP writes `comments[]=a&comments[]=b`, Python `comments=a&comments=b`.
    """
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        bare, bracket, _ = name.partition("[")
        is_list = bare in ID_LISTS or bare in LINE_LISTS
        if is_list:
            found.setdefault(bare, []).append(_unpacked(bare, text))
        else:
            found[bare if bracket and bare else name] = [text]
    return {name: _separator(name).join(texts) for name, texts in found.items()}


def _unpacked(name: str, text: str) -> str:
    """A list that was sent as the text of a JSON list; any other text as it is."""
    if not (text.startswith("[") and text.rstrip().endswith("]")):
        return text
    try:
        items = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    is_flat = items and all(isinstance(item, str) for item in items)
    return _separator(name).join(items) if is_flat else text


def from_json(text: str) -> dict[str, str]:
    """The fields of a JSON object; none of any other text. Raises TooManyFields."""
    if len(text) > SMALL and _parts(text) > MAX_FIELDS:
        raise TooManyFields
    try:
        # Numbers keep their digits: no floats, and no huge integers to compute.
        tree = json.loads(text, parse_int=str, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(tree, dict):
        return {}
    return _joined((name, _text(name.partition("[")[0], value)) for name, value in tree.items())


def _parts(text: str) -> int:
    """About how many values a JSON text has; small values take far more memory than characters."""
    bare = JSON_STRING.sub("", text)
    return sum(map(bare.count, ",[{"))


def _text(name: str, value: object) -> str:
    """A list as one text, also one that PHP wrote as an object because its keys have gaps."""
    if isinstance(value, dict) and (name in ID_LISTS or name in LINE_LISTS):
        value = list(value.values())
    return _separator(name).join(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _separator(name: str) -> str:
    return "," if name in ID_LISTS else "\n"


def _plain(value: object) -> str:
    """A JSON value as text; null, objects and nested lists count as absent."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else ""


def _number(text: str) -> str:
    if len(text) > 2 * MAX_NUMBER_LENGTH:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if abs(number.adjusted()) > MAX_NUMBER_LENGTH:
        return text
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else f"{number:f}"
