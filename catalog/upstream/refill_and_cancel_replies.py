"""Replies to `refill`, `cancel` and `refill_status`."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.upstream.error_texts import error_text, is_ambiguous, is_failure, is_success
from catalog.upstream.json_values import as_id, as_text
from catalog.upstream.outcomes import NotSent, Rejected, Unclear
from catalog.upstream.status_reply import WORD_LENGTH, IdError, entries, fold
from outbound.exchange import Exchange

REFILL_ID = re.compile(r"(?=.*\d)[\w-]{1,64}")  # a text without a digit is an error, not an id


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider took the request; of a cancel, the order's later status decides."""

    refill_id: str | None = None  # of a refill, where the provider names it


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch, answered id by id; whether a `missing` id was served is unclear."""

    results: Mapping[str, Taken | IdError]
    missing: tuple[str, ...]
    raw: Exchange


BatchOutcome = Answered | Rejected | NotSent | Unclear


class RefillState(enum.Enum):
    """The states of a refill."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELED = "canceled"
    FAILED = "failed"
    UNKNOWN = "unknown"


_REFILL_WORDS = {
    RefillState.PENDING: ("pending", "awaiting", "queued", "waiting", "new"),
    RefillState.IN_PROGRESS: (
        "inprogress",
        "processing",
        "progress",
        "started",
        "active",
        "running",
        "refilling",
    ),
    RefillState.COMPLETED: ("completed", "complete", "done", "finished", "refilled"),
    RefillState.REJECTED: ("rejected", "reject", "declined", "refused", "denied"),
    RefillState.CANCELED: ("canceled", "cancelled", "cancel"),
    RefillState.FAILED: ("fail", "failed", "error"),
}
_STATE_BY_WORD = {word: state for state, words in _REFILL_WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class RefillStatus:
    """One refill as the provider sees it."""

    state: RefillState
    word: str  # as sent


@dataclass(frozen=True, slots=True)
class RefillStatusReply:
    """The reply about each refill id asked for."""

    refills: Mapping[str, RefillStatus | IdError]
    missing: tuple[str, ...]
    raw: Exchange


def parse_taken(
    tree: object,
    *,
    action: str,
    ids: Sequence[str],
    raw: Exchange,
    ambiguous_phrases: Iterable[str],
) -> Answered:
    """Read a `refill` or `cancel` reply of any shape; what has no id is missing."""
    words = tuple(ambiguous_phrases)
    results: dict[str, Taken | IdError] = {}
    if isinstance(tree, Mapping) and _is_for_all(tree, action=action):
        results = {name: Taken() for name in ids}
    else:
        if action == "cancel" and isinstance(tree, list) and len(tree) == len(ids):
            tree = _name_in_order(tree, ids)
        for name, entry in entries(tree, ids=ids, id_name="order", mark=action):
            if name in ids and (read := _read_taken(entry, action=action, words=words)) is not None:
                results[name] = read
    missing = tuple(name for name in ids if name not in results)
    return Answered(results=results, missing=missing, raw=raw)


def parse_refill_statuses(tree: object, *, ids: Sequence[str], raw: Exchange) -> RefillStatusReply:
    """Read a `refill_status` reply: a list, an object by id, or flat or nested for one id."""
    found: dict[str, RefillStatus | IdError] = {}
    if len(ids) == 1 and isinstance(tree, Mapping) and isinstance(tree.get("refill"), Mapping):
        tree = tree["refill"]
    for name, entry in entries(tree, ids=ids, id_name="refill", mark="status"):
        if name in ids and (read := _read_state(entry)) is not None:
            found[name] = read
    missing = tuple(name for name in ids if name not in found)
    return RefillStatusReply(refills=found, missing=missing, raw=raw)


def _name_in_order(rows: Sequence[object], ids: Sequence[str]) -> object:
    """The list by id; one of cancels that names no order is in the order of the ids sent."""
    if any(not isinstance(row, Mapping) or row.get("order") is not None for row in rows):
        return rows
    return dict(zip(ids, rows, strict=True))


def _is_for_all(tree: Mapping[str, object], *, action: str) -> bool:
    """Whether the reply is about all ids: {"status":"success"}, or {"cancel":1}."""
    if (
        is_failure(tree)
        or error_text(tree)
        or any(isinstance(value, Mapping | list) for value in tree.values())
    ):
        return False
    if action == "cancel" and action in tree:
        return "order" not in tree and isinstance(_read_flag(tree["cancel"]), Taken)
    return action not in tree and is_success(tree)


def _read_taken(entry: object, *, action: str, words: tuple[str, ...]) -> Taken | IdError | None:
    value = entry.get(action, entry) if isinstance(entry, Mapping) else entry
    if isinstance(value, Mapping):
        text = error_text(value)
        if text:
            return IdError(text, is_ambiguous=is_ambiguous(value, words))
        return Taken(as_id(value.get("id"))) if is_success(value) else None
    if isinstance(entry, Mapping) and (text := error_text(entry)):
        return IdError(text, is_ambiguous=is_ambiguous(entry, words))
    if (
        isinstance(value, str)
        and not REFILL_ID.fullmatch(value.strip())
        and fold(value) not in ("true", "success")
    ):
        return (
            IdError(as_text(value, limit=500), is_ambiguous=is_ambiguous(value, words))
            if value.strip()
            else None
        )
    return _read_flag(value) if action == "cancel" else _read_refill_id(value)


def _read_flag(value: object) -> Taken | IdError | None:
    if value in (1, "1", True) or (isinstance(value, str) and fold(value) in ("true", "success")):
        return Taken()
    return IdError("not canceled") if value in (0, "0", False) else None


def _read_refill_id(value: object) -> Taken | None:
    if value is True or (isinstance(value, str) and fold(value) in ("true", "success")):
        return Taken()
    refill_id = as_id(value)
    return Taken(refill_id) if refill_id is not None and refill_id.strip("0-") else None


def _read_state(entry: object) -> RefillStatus | IdError | None:
    value = entry.get("status") if isinstance(entry, Mapping) else entry
    if isinstance(value, Mapping):
        if text := error_text(value):
            return IdError(text)
        value = value.get("status")
    if isinstance(entry, Mapping) and "error" in entry and (text := error_text(entry)):
        return IdError(text)
    word = as_text(value, limit=WORD_LENGTH)
    if not word:
        return None
    state = _STATE_BY_WORD.get(fold(word), RefillState.UNKNOWN)
    is_complaint = state is RefillState.UNKNOWN and isinstance(entry, str)
    return IdError(word) if is_complaint else RefillStatus(state, word)
