"""The fields of an API request as text, whatever its format."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from gunicorn.http.errors import ParseException

from orders.api.answers import ApiError

MAX_BODY: Final = 64 * 1024  # bytes; 100 ids or a thousand comments need far less
MAX_FIELDS: Final = 200  # the largest order has a dozen
# JSON lists of these are joined by commas, others by line breaks
ID_LISTS: Final = frozenset({"orders", "refills"})
MAX_NUMBER_LENGTH: Final = 40  # digits of a JSON number without an exponent


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its action, and its other fields by protocol name."""

    action: str
    values: Mapping[str, str]
    key: str = field(repr=False)
    idempotency_key: str | None  # of the header or the field
    # for HTTP headers
    request: HttpRequest = field(repr=False, compare=False)


def read(request: HttpRequest) -> Ask:
    """The fields of a form, multipart or JSON body, or of the query string if GET is allowed.

    Unreadable fields are absent. Raises ApiError for a body above 64 KB and for other methods.
    """
    fields = _fields(request)
    own = {"action", "key", "idempotency_key"}
    return Ask(
        action=fields.get("action", "").strip(),
        values={name: text for name, text in fields.items() if name not in own},
        key=fields.get("key", "").strip(),
        idempotency_key=_idempotency_key(request, fields),
        request=request,
    )


def _idempotency_key(request: HttpRequest, fields: Mapping[str, str]) -> str | None:
    given = request.headers.get("Idempotency-Key") or fields.get("idempotency_key") or ""
    return given.strip() or None


def _fields(request: HttpRequest) -> dict[str, str]:
    if request.method == "GET" and settings.API_ALLOW_GET:
        return _from_form(request.META.get("QUERY_STRING", ""))
    if request.method != "POST":
        raise ApiError("Incorrect request")
    if _length(request) > MAX_BODY:
        raise _too_large()
    body = _body(request)
    if request.content_type == "multipart/form-data":
        return _from_multipart(request, body)
    text = body.decode("utf-8-sig", errors="replace")
    if request.content_type == "application/json" or text.lstrip()[:1] == "{":
        return _from_json(text)
    return _from_form(text)


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _body(request: HttpRequest) -> bytes:
    try:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            # Django reads nothing without a length
            body: bytes = request.META["wsgi.input"].read(MAX_BODY + 1)
        else:
            body = request.body
    # ParseException: the server found invalid chunks
    except (UnreadablePostError, OSError, ParseException):
        return b""
    if len(body) > MAX_BODY:
        raise _too_large()
    # truncated: "quantity=10" may have been 1000
    return body if len(body) >= _length(request) else b""


def _from_form(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return _from_pairs(pairs)


def _from_multipart(request: HttpRequest, body: bytes) -> dict[str, str]:
    """Not `request.POST`, which treats a chunked body as empty."""
    _, _, parameters = request.META["CONTENT_TYPE"].partition(";")
    head = {"CONTENT_TYPE": f"multipart/form-data;{parameters}", "CONTENT_LENGTH": len(body)}
    try:
        form, _ = MultiPartParser(head, io.BytesIO(body), request.upload_handlers, "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnicodeError):
        return {}
    return _from_pairs([(name, str(value)) for name, values in form.lists() for value in values])


def _from_pairs(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The last of a name wins; `orders[]=1&orders[]=2`, PHP's list syntax, is one list."""
    fields: dict[str, str] = {}
    for name, text in pairs:
        bare, bracket, _ = name.partition("[")
        if bracket and bare in ID_LISTS:
            fields[bare] = f"{fields[bare]},{text}" if bare in fields else text
        else:
            fields[name] = text
    return fields


def _from_json(text: str) -> dict[str, str]:
    try:
        # Numbers keep their digits: no floats, and no huge integers to compute.
        tree = json.loads(text, parse_int=str, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(tree, dict):
        return {}
    return {
        name: _text(value, separator="," if name in ID_LISTS else "\n")
        for name, value in tree.items()
    }


def _text(value: object, *, separator: str) -> str:
    return separator.join(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _plain(value: object) -> str:
    """A JSON value as text; null, objects and nested lists count as absent."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else ""


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if abs(number.adjusted()) > MAX_NUMBER_LENGTH:
        return text
    whole = number.to_integral_value()
    return f"{whole:f}" if whole == number else f"{number:f}"


def _too_large() -> ApiError:
    return ApiError(f"The request is larger than {MAX_BODY // 1024} KB")
