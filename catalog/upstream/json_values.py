"""JSON and single values as providers write them, within bounds; None for what is unreadable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

ID_LENGTH = 64  # characters; longer ones are no ids
# levels; replies have five at most, and the code after this may recurse
MAX_DEPTH = 32
# Python's int grows without bound; no figure of a provider is longer
MAX_DIGITS = 30
MAX_TRIES = 16  # places in a noisy reply at which JSON may begin
MAX_NOISE = 8192  # bytes of noise before the JSON

PHP_NOTICE = re.compile(
    rb"\s*(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?"
    rb"(?:Warning|Notice|Deprecated|Strict Standards)(?:</b>)?:"
    rb"[^\r\n]{0,2000}? on line (?:<b>)?\d+(?:</b>)?(?:\s*<br\s*/?>)?\s*"
)
JSON_START = re.compile(rb"(?:^|[\n>])\s*([{\[])")
# some of them PostgreSQL or UTF-8 cannot store
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
TRUE_WORDS = frozenset({"1", "true", "yes", "on", "y"})


# how providers write that there is no error, or no order
BLANK_WORDS = frozenset({"", "0", "false", "null", "none"})
# an id that is text: one word with a digit in it, unlike a sentence or "0.5"
TEXT_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?", re.ASCII)
FLOAT = re.compile(r"[0-9]+[eE][+-]?[0-9]+", re.ASCII)
NOT_IN_IDS = frozenset(
    {"error", "err", "fail", "failed", "failure", "false", "invalid", "none", "null", "undefined"}
)


class NotJSON(ValueError):
    """The reply is not usable JSON."""


def parse_exactly(body: bytes) -> tuple[object, bool]:
    """The JSON of a reply that decides about money, and whether PHP notices preceded it.

    Bad UTF-8, repeated keys, NaN and trailing bytes raise NotJSON.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    clean = strip_notices(body)
    try:
        tree = json.loads(
            clean.decode("utf-8"),
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_reject_constant,
            object_pairs_hook=_once_each,
        )
    except (ValueError, RecursionError):
        tree = NotJSON
    if tree is NotJSON or is_deep(tree):
        raise NotJSON("the reply is not JSON")
    return tree, clean is not body


def parse_loosely(body: bytes) -> object:
    """The JSON of a reading call: replaces bad UTF-8 and skips noise. Raises NotJSON."""
    for start in json_starts(body):
        text = body[start:].decode("utf-8", "replace")
        try:
            tree = json.loads(
                text, parse_int=_integer, parse_float=_decimal, parse_constant=str, strict=False
            )
        except (ValueError, RecursionError):
            continue
        if not is_deep(tree):
            return tree
    raise NotJSON("the reply is not JSON")


def is_deep(tree: object) -> bool:
    """Whether a reply is nested more than MAX_DEPTH levels deep."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        if not inner:
            return False
        level = inner
    return True


def json_starts(body: bytes) -> Iterator[int]:
    """Where the JSON of a reply may begin, most likely first.

    Only at the start of a reply that begins with JSON: the tail of a truncated list is no reply.
    """
    head = body[:MAX_NOISE]
    first = len(head) - len(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    if body[first : first + 1] in (b"{", b"["):
        yield first
        return
    for found, _ in zip(JSON_START.finditer(head), range(MAX_TRIES), strict=False):
        before = head[: found.start(1)].rstrip()
        if not before.endswith((b",", b"[", b"{", b":")):
            yield found.start(1)


def strip_notices(body: bytes) -> bytes:
    """The body after PHP's notices and warnings; the same object when there are none."""
    start = 0
    while found := PHP_NOTICE.match(body, start):
        start = found.end()
    return body[start:] if start else body


def as_text(value: object, *, limit: int) -> str:
    """A text of at most `limit` characters that the database can store, or ""."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return ""
    text = value if isinstance(value, str) else str(value)
    if not text.isprintable() or len(text) > limit:
        text = CONTROLS.sub("", text[: 4 * limit])
    return text.strip()[:limit]


def as_id(value: object) -> str | None:
    """An id as text, from a number or a string."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= ID_LENGTH and text.isprintable() else None


def as_given_id(value: object) -> str | None:
    """An id that a provider gives to something new, or None where the value may be something else.

    A positive integer, or one word of ASCII letters, digits, "-" and "_" with a digit: not true,
    1.0, " 5", "+5", "1e3", "000", "error-5" or "not found".
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    if len(text) > ID_LENGTH or not text.isascii() or not text.strip("0-_"):
        return None
    if text.isdigit():
        return text
    is_id = TEXT_ID.fullmatch(text) and not FLOAT.fullmatch(text)
    words = re.split(r"[\d_-]+", text.casefold())
    return text if is_id and NOT_IN_IDS.isdisjoint(words) else None


def is_blank(value: object) -> bool:
    """Whether a value says that there is nothing: null, false, 0, "", "null", [], [""]."""
    if isinstance(value, str):
        return value.strip().casefold() in BLANK_WORDS
    if isinstance(value, list):
        return all(map(is_blank, value))
    if isinstance(value, dict):
        return all(map(is_blank, value.values()))
    return not value


def as_flag(value: object) -> bool:
    """Whether a value means yes; absent, null and unknown words mean no."""
    if isinstance(value, str):
        return value.strip().casefold() in TRUE_WORDS
    return value is True or (isinstance(value, (int, Decimal)) and value == 1)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS else text


def _decimal(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _reject_constant(text: str) -> object:
    raise NotJSON(text)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJSON("a key is repeated")
    return found
