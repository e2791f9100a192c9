"""The reply to `status`: orders by id, with statuses as sent and as we name them."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from catalog.upstream.error_texts import error_text
from catalog.upstream.json_values import as_id, as_text
from catalog.upstream.numbers import as_amount, as_count
from catalog.upstream.reply_shapes import ACTIONS, Action
from outbound.exchange import Exchange

WORD_LENGTH = 64
CURRENCY_LENGTH = 16


class Status(enum.Enum):
    """The statuses of an order."""

    PENDING = "pending"
    PROCESSING = "processing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELED = "canceled"
    FAILED = "failed"
    ACTIVE = "active"  # the last three are of subscriptions
    PAUSED = "paused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # keep the old status and show the word to staff


_WORDS = {
    Status.PENDING: ("pending", "awaiting", "queued", "queue", "inqueue", "waiting", "new"),
    Status.PROCESSING: ("processing", "process"),
    Status.IN_PROGRESS: ("inprogress", "progress", "running", "started", "inprocess"),
    Status.COMPLETED: ("completed", "complete", "finished", "done", "delivered"),
    Status.PARTIAL: (
        "partial",
        "partially",
        "partiallyrefunded",
        "partiallycompleted",
        "partialrefund",
        "partialrefunded",
    ),
    Status.CANCELED: ("canceled", "cancelled", "cancel", "refunded", "refund"),
    Status.FAILED: ("fail", "failed", "error"),
    Status.ACTIVE: ("active",),
    Status.PAUSED: ("paused",),
    Status.EXPIRED: ("expired",),
}
_STATUS_BY_WORD = {word: status for status, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """An order as the provider reports it; None: missing or unreadable."""

    status: Status
    word: str  # as sent
    charge: Decimal | None  # provider's currency
    currency: str
    start_count: int | None
    remains: int | None  # as sent: may be negative or above the quantity
    remains_text: str


@dataclass(frozen=True, slots=True)
class IdError:
    """The provider's error about one id of a batch."""

    text: str
    # the request may have taken effect all the same
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class StatusReply:
    """The reply about each id asked for; others are only counted."""

    orders: Mapping[str, OrderStatus | IdError]
    missing: tuple[str, ...]  # asked for, and not in the reply
    ignored: int
    raw: Exchange


def parse_statuses(
    tree: object,
    *,
    ids: Sequence[str],
    raw: Exchange,
    taught: Mapping[str, Status] = MappingProxyType({}),
) -> StatusReply:
    """Read a `status` reply, opened: an object by id, a list, or flat for a single id.

    `taught`: what folded words mean at this provider.
    """
    found: dict[str, OrderStatus | IdError] = {}
    ignored = 0
    for name, entry in entries(tree, ids=ids, action="status"):
        if name not in ids:
            ignored += 1
        elif (read := _read_entry(entry, taught)) is not None:
            found[name] = read
    missing = tuple(name for name in ids if name not in found)
    return StatusReply(orders=found, missing=missing, ignored=ignored, raw=raw)


def entries(tree: object, *, ids: Sequence[str], action: str) -> Iterator[tuple[str, object]]:
    """The pairs of id and entry in an opened reply to an action with ids."""
    shape = ACTIONS[action]
    if isinstance(tree, list):
        yield from _listed(tree, ids=ids, shape=shape)
    elif isinstance(tree, Mapping):
        named = _id_of(tree, ids=ids, shape=shape)
        is_flat = any(mark in tree for mark in shape.marks)
        if named is not None and is_flat:
            yield named, tree
        elif len(ids) == 1 and ids[0] not in tree and (is_flat or error_text(tree)):
            yield ids[0], tree
        else:
            yield from ((str(name), entry) for name, entry in tree.items())


def fold(word: str) -> str:
    """A status word without case, spaces, `_` and `-`."""
    return re.sub(r"[\s_-]+", "", word).casefold()


def status_of(word: str) -> Status:
    """The status that a word means at every provider."""
    return _STATUS_BY_WORD.get(fold(word), Status.UNKNOWN)


def _listed(
    rows: Sequence[object], *, ids: Sequence[str], shape: Action
) -> Iterator[tuple[str, object]]:
    for row in rows:
        name = _id_of(row, ids=ids, shape=shape) if isinstance(row, Mapping) else None
        if name is None and len(rows) == len(ids) == 1:
            name = ids[0]
        if name is not None:
            yield name, row


def _id_of(row: Mapping[str, object], *, ids: Sequence[str], shape: Action) -> str | None:
    """The id under its documented name, or one that was asked for under another name."""
    documented, *others = shape.id_names
    if (name := as_id(row.get(documented))) is not None:
        return name
    found = (as_id(row.get(other)) for other in others)
    return next((name for name in found if name in ids), None)


def _read_entry(entry: object, taught: Mapping[str, Status]) -> OrderStatus | IdError | None:
    if isinstance(entry, str):
        return IdError(as_text(entry, limit=500)) if entry.strip() else None
    if not isinstance(entry, Mapping) or not entry:
        return None
    word = as_text(entry.get("status"), limit=WORD_LENGTH)
    status = taught.get(fold(word)) or status_of(word)
    text = error_text(entry)
    if text and ("error" in entry or not entry.keys() & {"charge", "remains", "start_count"}):
        return IdError(text)
    return OrderStatus(
        status=status,
        word=word,
        charge=_price(entry.get("charge")),
        currency=as_text(entry.get("currency"), limit=CURRENCY_LENGTH),
        start_count=_count(entry.get("start_count")),
        remains=as_count(entry.get("remains")),
        remains_text=as_text(entry.get("remains"), limit=WORD_LENGTH),
    )


def _price(value: object) -> Decimal | None:
    charge = as_amount(value)
    return charge if charge is not None and charge >= 0 else None


def _count(value: object) -> int | None:
    count = as_count(value)
    return count if count is not None and count >= 0 else None
