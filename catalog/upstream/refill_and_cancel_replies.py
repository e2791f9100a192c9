"""Replies to `refill`, `cancel` and `refill_status`."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from catalog.upstream.error_texts import error_text, is_ambiguous, is_failure, is_success
from catalog.upstream.json_values import as_given_id, as_text
from catalog.upstream.outcomes import NotSent, Rejected, Unclear
from catalog.upstream.status_reply import WORD_LENGTH, IdError, entries, fold
from outbound.exchange import Exchange


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


TAKEN_WORDS = ("true", "success")
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
        for name, entry in entries(tree, ids=ids, action=action):
            if name in ids and (read := _read_taken(entry, action=action, words=words)) is not None:
                results[name] = read
    missing = tuple(name for name in ids if name not in results)
    return Answered(results=results, missing=missing, raw=raw)


def parse_refill_statuses(
    tree: object,
    *,
    ids: Sequence[str],
    raw: Exchange,
    taught: Mapping[str, RefillState] = MappingProxyType({}),
) -> RefillStatusReply:
    """Read a `refill_status` reply: a list, an object by id, or flat or nested for one id.

    `taught`: what folded words mean at this provider.
    """
    found: dict[str, RefillStatus | IdError] = {}
    for name, entry in entries(tree, ids=ids, action="refill_status"):
        if name in ids and (read := _read_state(entry, taught)) is not None:
            found[name] = read
    missing = tuple(name for name in ids if name not in found)
    return RefillStatusReply(refills=found, missing=missing, raw=raw)


def refill_state_of(word: str) -> RefillState:
    """The state that a word means at every provider."""
    return _STATE_BY_WORD.get(fold(word), RefillState.UNKNOWN)


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
        flag = tree["cancel"]
        is_yes = flag in (1, "1") or (isinstance(flag, str) and fold(flag) in TAKEN_WORDS)
        return "order" not in tree and is_yes
    return action not in tree and is_success(tree)


def _read_taken(entry: object, *, action: str, words: tuple[str, ...]) -> Taken | IdError | None:
    value = entry.get(action, entry) if isinstance(entry, Mapping) else entry
    if isinstance(value, Mapping):
        return _read_taken_object(value, action=action, words=words)
    if isinstance(entry, Mapping) and (text := error_text(entry)):
        return IdError(text, is_ambiguous=is_ambiguous(entry, words))
    if value is True or (isinstance(value, str) and fold(value) in TAKEN_WORDS):
        return Taken()
    return _read_value(value, action=action, words=words)


def _read_taken_object(
    value: Mapping[str, object], *, action: str, words: tuple[str, ...]
) -> Taken | IdError | None:
    if text := error_text(value):
        return IdError(text, is_ambiguous=is_ambiguous(value, words))
    names = ("id", action, f"{action}_id")
    given = next((one for name in names if (one := as_given_id(value.get(name)))), None)
    if is_failure(value) or (given is None and not is_success(value)):
        return None
    return Taken(given if action == "refill" else None)


def _read_value(value: object, *, action: str, words: tuple[str, ...]) -> Taken | IdError | None:
    """A refill's id; of a cancel 1, or the id of the cancellation. A text without id is an error."""
    if action == "cancel" and value in (0, "0", False):
        return IdError("not canceled")
    given = as_given_id(value.strip() if isinstance(value, str) else value)
    if given is not None:
        return Taken(given if action == "refill" else None)
    if isinstance(value, str) and value.strip() and not value.strip("0-_ "):
        return None
    if isinstance(value, str) and value.strip():
        return IdError(as_text(value, limit=500), is_ambiguous=is_ambiguous(value, words))
    return None


def _read_state(entry: object, taught: Mapping[str, RefillState]) -> RefillStatus | IdError | None:
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
    state = taught.get(fold(word)) or refill_state_of(word)
    is_complaint = state is RefillState.UNKNOWN and isinstance(entry, str)
    return IdError(word) if is_complaint else RefillStatus(state, word)
