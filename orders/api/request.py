"""The fields of an API request as text, whatever its format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from gunicorn.http.errors import ParseException

from catalog.upstream.service_types import TYPES
from lib.typed_text import compact
from orders.api.answers import ApiError
from orders.api.fields import (
    ID_LISTS,
    LINE_LISTS,
    TooLarge,
    TooManyFields,
    from_form,
    from_json,
    from_parts,
)

FIELDS_IN_URL: Final = "Send all fields in the body of the POST request, not in its URL"
TOO_MANY_FIELDS: Final = "The request has too many fields"
# every field of every action
FIELDS: Final = frozenset(
    {"key", "action", "service", "idempotency_key", "max_charge", "order", "refill", "limit"}
    | {"before", *ID_LISTS}
    | {one.name for kind in TYPES for one in kind.fields}
)
# programs write line breaks as text, too
WRITTEN_LINE_END: Final = re.compile(r"\\r\\n|\\n|\\r")
BEARER: Final = re.compile(r"\s*bearer\s+(\S+)\s*", re.IGNORECASE)


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

    Unreadable fields are absent. Raises ApiError for a body above API_MAX_BODY, for other methods,
    and for fields in the URL of a POST.
    """
    fields = _fields(request)
    own = {"action", "key", "idempotency_key"}
    return Ask(
        action=compact(fields.get("action", "")),
        values={
            name: WRITTEN_LINE_END.sub("\n", text) if name in LINE_LISTS else text
            for name, text in fields.items()
            if name not in own
        },
        key=compact(fields.get("key", "")) or _key_of_header(request),
        idempotency_key=_idempotency_key(request, fields),
        request=request,
    )


def _idempotency_key(request: HttpRequest, fields: Mapping[str, str]) -> str | None:
    given = request.headers.get("Idempotency-Key") or fields.get("idempotency_key") or ""
    return given.strip() or None


def _key_of_header(request: HttpRequest) -> str:
    bearer = BEARER.fullmatch(request.headers.get("Authorization", ""))
    return compact(request.headers.get("X-Api-Key", "")) or (bearer[1] if bearer else "")


def _fields(request: HttpRequest) -> dict[str, str]:
    """Of a body, and under API_ALLOW_GET of the query string, too; the body takes precedence."""
    query = request.META.get("QUERY_STRING", "")
    try:
        if request.method == "GET" and settings.API_ALLOW_GET:
            return from_form(query)
        if request.method != "POST":
            raise ApiError("Incorrect request")
        sent = _from_body(request)
        in_url = from_form(query) if query else {}
    except TooManyFields:
        raise ApiError(TOO_MANY_FIELDS) from None
    except TooLarge:
        raise _too_large() from None
    if settings.API_ALLOW_GET:
        return in_url | sent
    if in_url.keys() & FIELDS - sent.keys():
        raise ApiError(FIELDS_IN_URL)
    return sent


def _from_body(request: HttpRequest) -> dict[str, str]:
    if _length(request) > settings.API_MAX_BODY:
        raise _too_large()
    body = _body(request)
    if request.content_type == "multipart/form-data":
        return from_parts(request, body)
    text = body.decode("utf-8-sig", errors="replace")
    del body  # a large one is held once
    if request.content_type == "application/json" or text.lstrip()[:1] == "{":
        return from_json(text)
    return from_form(text)


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _body(request: HttpRequest) -> bytes:
    """Not `request.body`, whose limit is that of the pages."""
    most = settings.API_MAX_BODY
    is_chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    # Django reads nothing without a length
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        body: bytes = stream.read(most + 1)
    # ParseException: the server found invalid chunks
    except (UnreadablePostError, OSError, ParseException):
        return b""
    if len(body) > most:
        raise _too_large()
    # truncated: "quantity=10" may have been 1000
    return body if len(body) >= _length(request) else b""


def _too_large() -> ApiError:
    return ApiError(f"The request is larger than {settings.API_MAX_BODY // 1024} KB")
