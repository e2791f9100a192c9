"""The shapes of replies: what lies in wrappers and lists of one, and the error of a whole call.

One table serves all actions. A reply is opened from the outside in; what surrounds the answer, such
as {"status":"success","data":…}, is its envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.upstream.error_texts import (
    FAILURE_WORDS,
    SUCCESS_WORDS,
    error_text,
    is_failure,
    message_text,
)
from catalog.upstream.json_values import as_text, is_blank

MAX_LEVELS: Final = 4
# names that wrap the answer to any action
WRAPPERS: Final = ("data", "result", "results", "response", "payload", "orders", "refills")
# beside one of these, nothing is a wrapper: the answer stands there
ANSWERS: Final = frozenset(
    {"order", "refill", "cancel", "balance", "charge", "remains", "start_count"}
)
PROGRESS: Final = frozenset({"charge", "remains", "start_count"})  # of an order's status


@dataclass(frozen=True, slots=True)
class Action:
    """How replies to one action are shaped."""

    name: str
    lists: tuple[str, ...] = ()  # further names that may wrap a list of entries
    objects: tuple[str, ...] = ()  # further names that may wrap one object
    id_names: tuple[str, ...] = ()  # what names the id of an entry, the documented name first
    marks: tuple[str, ...] = ()  # what a lone entry has


ACTIONS: Final = {
    action.name: action
    for action in (
        Action("services"),
        Action("add", objects=("order",)),
        Action(
            "status",
            objects=("order",),
            id_names=("order", "order_id", "id"),
            marks=("status",),
        ),
        Action(
            "refill",
            lists=("refill",),
            id_names=("order", "order_id"),
            marks=("refill", "refill_id"),
        ),
        Action(
            "refill_status",
            lists=("refill",),
            objects=("refill",),
            id_names=("refill", "refill_id", "id"),
            marks=("status",),
        ),
        Action(
            "cancel",
            lists=("cancel", "cancels"),
            id_names=("order", "order_id"),
            marks=("cancel", "cancel_id"),
        ),
        Action("balance", objects=("balance", "user")),
    )
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A reply without its wrappers."""

    content: object
    envelopes: tuple[Mapping[str, object], ...] = ()  # without what they wrap; the outermost first

    @property
    def levels(self) -> tuple[Mapping[str, object], ...]:
        """The envelopes, and the content where it is an object."""
        inner = (self.content,) if isinstance(self.content, Mapping) else ()
        return (*self.envelopes, *inner)


def open_reply(tree: object, *, action: str, ids: Sequence[str] = ()) -> Opened:
    """Take the answer out of its wrappers; `ids` are those asked for."""
    envelopes: list[Mapping[str, object]] = []
    shape = ACTIONS[action]
    for _ in range(MAX_LEVELS):
        if (only := _only_entry(tree, shape, ids)) is not None:
            tree = only
        elif isinstance(tree, Mapping) and (name := _wrapper(tree, shape, ids)):
            envelopes.append({key: value for key, value in tree.items() if key != name})
            tree = tree[name]
        else:
            break
    return Opened(tree, tuple(envelopes))


def call_error(opened: Opened, *, ids: Sequence[str] = ()) -> str:
    """The error of the whole call, or ""; one beside entries by id, or about one, is not."""
    content = opened.content
    if isinstance(content, Mapping):
        if any(name in content for name in ids) or _is_progress(content):
            return ""
        if text := error_text(content):
            return text
    elif ids and isinstance(content, list) and content:
        return ""
    for envelope in reversed(opened.envelopes):
        if text := error_text(envelope):
            return text
    if isinstance(content, Mapping) and any(map(is_failure, opened.envelopes)):
        return message_text(content)
    return ""


def is_call_status(value: object) -> bool:
    """Whether a `status` is about the call, not about an order: "success", false, 200."""
    if value is None or isinstance(value, bool):
        return True
    word = as_text(value, limit=64).casefold()
    return word.isdigit() or word in SUCCESS_WORDS or word in FAILURE_WORDS


def _is_progress(content: Mapping[str, object]) -> bool:
    """Whether it is the status of an order that may have failed, and no error."""
    has_error = any(not is_blank(content.get(name)) for name in ("error", "errors"))
    return not has_error and not PROGRESS.isdisjoint(content)


def _only_entry(tree: object, shape: Action, ids: Sequence[str]) -> Mapping[str, object] | None:
    """The object in a list of one that names no id; for several ids only where it is an error."""
    if not isinstance(tree, list) or len(tree) != 1 or not isinstance(tree[0], Mapping):
        return None
    entry: Mapping[str, object] = tree[0]
    if any(entry.get(name) is not None for name in shape.id_names):
        return None
    return entry if len(ids) <= 1 or error_text(entry) else None


def _wrapper(tree: Mapping[str, object], shape: Action, ids: Sequence[str]) -> str:
    """The name that holds the answer, or ""."""
    if any(name in tree for name in ids) or not is_call_status(tree.get("status")):
        return ""
    held = [name for name in WRAPPERS if isinstance(tree.get(name), Mapping | list)]
    held += [name for name in shape.lists if _is_list_of_objects(tree.get(name))]
    held += [name for name in shape.objects if isinstance(tree.get(name), Mapping)]
    filled = [name for name in held if tree[name]] or held
    if len(filled) != 1 or (not tree[filled[0]] and error_text(tree)):
        return ""
    is_beside = any(not is_blank(tree.get(name)) for name in ANSWERS - {filled[0]})
    return "" if is_beside else filled[0]


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
