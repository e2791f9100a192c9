"""The reply to `services`: a bad row does not spoil the rest, unchanged rows are not parsed."""

from __future__ import annotations

import functools
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from catalog.upstream.error_texts import is_success
from catalog.upstream.json_values import (
    NotJSON,
    as_flag,
    as_id,
    as_text,
    json_starts,
    parse_loosely,
)
from catalog.upstream.numbers import Notation, as_amount, as_count, figure, notation_of
from catalog.upstream.service_types import ServiceType, canonical, find

# part of every digest: change it so that all rows are parsed again
READER = b"rows-3"
NAME_LENGTH = 500
CATEGORY_LENGTH = 255
TYPE_LENGTH = 64
DESCRIPTION_LENGTH = 20_000
AVERAGE_TIME_LENGTH = 100
RATE = re.compile(rb'"rate"\s*:\s*"([^"\\]{1,64})"')  # of a raw row
DRIPFEED = ("dripfeed", "drip_feed", "drip-feed", "is_dripfeed")
LISTS = ("data", "services", "result", "results", "response")  # names that wrap a catalog


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A service as the provider lists it; texts are untrusted and may hold HTML entities."""

    service_id: str
    name: str
    type: str  # in the spelling of service_types, or as sent when it is none of them
    category: str  # "" when the provider gives none
    rate: Decimal  # provider's currency, per 1000, or per order (ServiceType.is_per_order)
    min: int
    max: int
    is_refillable: bool
    is_cancelable: bool
    is_dripfeed: bool | None  # None: the list does not say
    description: str
    average_time: str
    digest: bytes  # of the row as sent


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be sold."""

    position: int  # from 0
    service_id: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class CatalogReply:
    """A provider's whole catalog; an unreadable one is a BadReply instead."""

    # read: new, or not known by their digest; the last of several with one id
    rows: tuple[ServiceRow, ...]
    unchanged: tuple[str, ...]  # ids of the rows whose digest was known
    problems: tuple[RowProblem, ...]
    duplicates: tuple[str, ...]  # ids that came more than once
    count: int  # rows in the reply, of every kind

    @property
    def service_ids(self) -> frozenset[str]:
        """Every id in the reply, unusable rows included: others were withdrawn."""
        read = {row.service_id for row in self.rows}
        bad = {problem.service_id for problem in self.problems if problem.service_id is not None}
        return frozenset(read | bad | set(self.unchanged))


def plain_slices(body: bytes) -> Sequence[bytes | msgspec.Raw] | None:
    """The rows of a plain JSON list as the bytes sent; None for anything else."""
    for start in json_starts(body):
        try:
            return _LIST.decode(memoryview(body)[start:])
        except (ValueError, RecursionError):
            continue
    return None


def slices_of(tree: object) -> Sequence[bytes]:
    """The rows of a wrapped catalog. Raises NotJSON when it holds no list."""
    rows = _find_rows(tree)
    if rows is None:
        raise NotJSON("the reply is not a list of services")
    # default: Decimal, which reads back as its text
    return [json.dumps(row, default=str).encode() for row in rows]


def read_rows(slices: Sequence[bytes | msgspec.Raw], *, known: Mapping[bytes, str]) -> CatalogReply:
    """Parse the rows that are not `known` (digest → id).

    Raises NotJSON when there are rows and none is a service.
    """
    found: dict[str, ServiceRow | None] = {}
    problems: list[RowProblem] = []
    duplicates: dict[str, None] = {}
    notation = functools.cache(lambda: notation_of(_rates(slices)))
    for position, raw in enumerate(slices):
        digest = hashlib.blake2b(raw, digest_size=16, person=READER).digest()
        row, service_id = None, known.get(digest)
        if service_id is None:
            try:
                row = _read_row(raw, digest=digest, notation=notation)
            except _BadRow as bad:
                problems.append(RowProblem(position, bad.service_id, bad.problem))
                continue
            service_id = row.service_id
        if service_id in found:
            duplicates[service_id] = None
        found[service_id] = row
    if problems and not found:
        raise NotJSON(f"none of {len(slices)} rows is a service")
    return CatalogReply(
        rows=tuple(row for row in found.values() if row is not None),
        unchanged=tuple(service_id for service_id, row in found.items() if row is None),
        problems=tuple(problems),
        duplicates=tuple(duplicates),
        count=len(slices),
    )


def plain_text(text: str) -> str:
    """A text with its HTML entities decoded, also double-escaped ones ("&amp;amp;" → "&")."""
    for _ in range(3):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    return text


class _BadRow(Exception):
    """The row cannot be sold."""

    def __init__(self, problem: str, service_id: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.service_id = service_id


def _find_rows(tree: object) -> Sequence[object] | None:
    if isinstance(tree, list):
        return tree
    if not isinstance(tree, Mapping):
        return None
    if tree and all(isinstance(row, Mapping) and "service" in row for row in tree.values()):
        return list(tree.values())  # PHP writes a list with gaps as an object
    if tree and all(map(_are_services, tree.values())):  # by category
        return [row for rows in tree.values() for row in rows]
    for name in LISTS:
        if (rows := _find_rows(tree.get(name))) is not None:
            return rows
    is_said_empty = is_success(tree) and any(
        "empty" in as_text(tree.get(name), limit=64).casefold() for name in LISTS
    )
    return [] if is_said_empty else None


def _are_services(rows: object) -> bool:
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(isinstance(row, Mapping) and "service" in row for row in rows)
    )


def _rates(slices: Sequence[bytes | msgspec.Raw]) -> Iterator[str]:
    """The rates of all rows as sent, also of rows that are not parsed."""
    for raw in slices:
        if found := RATE.search(raw):
            yield found[1].decode("utf-8", "replace")


def _rate(value: object, notation: Callable[[], Notation]) -> Decimal | None:
    """The rate; the list's notation is looked for only where this figure does not tell."""
    if isinstance(value, str) and not figure(value).is_clear:
        return as_amount(value, notation())
    return as_amount(value)


def _read_row(
    raw: bytes | msgspec.Raw, *, digest: bytes, notation: Callable[[], Notation]
) -> ServiceRow:
    row = _read_object(raw)
    service_id = as_id(row.get("service"))
    if service_id is None:
        raise _BadRow("no service id")
    name = as_text(row.get("name"), limit=NAME_LENGTH)
    if not name:
        raise _BadRow("no name", service_id)
    rate = _rate(row.get("rate"), notation)
    if rate is None or rate < 0:
        raise _BadRow(_problem_of_rate(row.get("rate")), service_id)
    type_name = canonical(as_text(row.get("type"), limit=TYPE_LENGTH) or "Default")
    least, most = _limits(row, kind=find(type_name), service_id=service_id)
    return ServiceRow(
        service_id=service_id,
        name=name,
        type=type_name,
        category=as_text(row.get("category"), limit=CATEGORY_LENGTH),
        rate=rate,
        min=least,
        max=most,
        is_refillable=as_flag(row.get("refill")),
        is_cancelable=as_flag(row.get("cancel")),
        is_dripfeed=_dripfeed(row),
        description=as_text(row.get("description") or row.get("desc"), limit=DESCRIPTION_LENGTH),
        average_time=as_text(row.get("average_time"), limit=AVERAGE_TIME_LENGTH),
        digest=digest,
    )


def _dripfeed(row: Mapping[str, object]) -> bool | None:
    value = next((row[name] for name in DRIPFEED if row.get(name) not in (None, "")), None)
    return None if value is None else as_flag(value)


def _problem_of_rate(value: object) -> str:
    if isinstance(value, str) and figure(value).is_ambiguous:
        return f"the rate {as_text(value, limit=64)} can be read in two ways"
    return "the rate is not a price"


def _read_object(raw: bytes | msgspec.Raw) -> Mapping[str, object]:
    row: object
    try:
        row = _ROW.decode(raw)
    except (ValueError, RecursionError, ArithmeticError):
        try:
            row = parse_loosely(bytes(raw))
        except NotJSON:
            row = None
    if not isinstance(row, dict):
        raise _BadRow("not an object")
    return row


def _limits(
    row: Mapping[str, object], *, kind: ServiceType | None, service_id: str
) -> tuple[int, int]:
    least, most = as_count(row.get("min")), as_count(row.get("max"))
    if kind is not None and kind.is_per_order:
        least, most = 1 if least is None else least, 1 if most is None else most
    if least is None or most is None:
        raise _BadRow("min or max is not a quantity", service_id)
    if not 0 <= least <= most:
        raise _BadRow("min and max are not a valid range", service_id)
    return least, most


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(float_hook=Decimal)
