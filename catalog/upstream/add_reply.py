"""Classify the reply to an `add`: definite only where the provider is definite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from catalog.upstream.error_texts import (
    AMBIGUOUS_PHRASES,
    is_ambiguous,
    is_failure,
    is_success,
)
from catalog.upstream.json_values import NotJSON, as_given_id, as_text, is_blank, parse_exactly
from catalog.upstream.known_messages import meaning_of
from catalog.upstream.outcomes import Accepted, AddOutcome, NotSent, Rejected, Unclear
from catalog.upstream.reply_shapes import Opened, call_error, open_reply
from outbound.key_mask import KeyMask
from outbound.reply import Reply

ORDER_NAMES = frozenset({"order", "orders", "orderid", "neworder"})  # without case and separators
ACCEPTED_STATUSES = frozenset({200, 201, 202})


def judge_add(
    reply: Reply,
    *,
    mask: KeyMask,
    ambiguous_phrases: Iterable[str] = AMBIGUOUS_PHRASES,
    is_429_unclear: bool = False,
) -> AddOutcome:
    """What an `add` did, by its reply.

    Accepted: HTTP 200, 201 or 202, a JSON object with an order id and no error. Rejected: HTTP 2xx
    or 4xx, a JSON object with an error, no order anywhere and no ambiguous phrase; its reason is
    UNKNOWN where no known panel uses the message. NotSent: HTTP 429. All else is Unclear. The
    object may lie in wrappers or a list of one.
    """
    raw = reply.exchange
    try:
        tree, has_notices = parse_exactly(reply.body)
    except NotJSON:
        tree, has_notices = None, False
    tree = mask.tree(tree)
    if reply.status == 429:
        if is_429_unclear or has_order(tree):
            return Unclear("HTTP 429, which this provider may answer after placing", raw)
        return NotSent(
            "the provider asks us to slow down", raw, is_429=True, retry_after=reply.retry_after
        )
    opened = open_reply(tree, action="add")
    if not isinstance(opened.content, Mapping):
        return Unclear(f"HTTP {reply.status} without a JSON object", raw)
    order = opened.content.get("order")
    if not _is_no_order(order):
        return _judge_order(order, opened, reply)
    outcome = _judge_rejection(opened, reply)
    if not isinstance(outcome, Rejected):
        return outcome
    if has_notices:
        return Unclear(f"an ambiguous error: {outcome.text}", raw)
    if is_ambiguous(tree, ambiguous_phrases):
        return Unclear(f"an ambiguous error: {outcome.text}", raw, outcome.text)
    return outcome


def has_order(tree: object) -> bool:
    """Whether an order is named anywhere in a reply; {"order":null} names none."""
    if isinstance(tree, Mapping):
        return any(
            (_fold(name) in ORDER_NAMES and not _is_no_order(value)) or has_order(value)
            for name, value in tree.items()
        )
    return isinstance(tree, list) and any(has_order(item) for item in tree)


def _judge_order(order: object, opened: Opened, reply: Reply) -> AddOutcome:
    order_id = as_given_id(order)
    if order_id is None:
        return Unclear("the reply names an order but no usable id", reply.exchange)
    if call_error(opened) or any(map(_has_error, opened.levels)):
        return Unclear(f"the reply names order {order_id} and an error", reply.exchange)
    if any(map(has_order, opened.envelopes)):
        return Unclear(f"the reply names order {order_id} and another", reply.exchange)
    if reply.status not in ACCEPTED_STATUSES:
        return Unclear(f"HTTP {reply.status} with order {order_id}", reply.exchange)
    return Accepted(order_id, reply.exchange)


def _judge_rejection(opened: Opened, reply: Reply) -> AddOutcome:
    raw = reply.exchange
    text = call_error(opened)
    if not text:
        return Unclear("the reply names neither an order nor an error", raw)
    status = next(filter(None, map(_stated_status, opened.levels)), reply.status)
    if not all(200 <= code < 300 or 400 <= code < 500 for code in (status, reply.status)):
        return Unclear(f"HTTP {status}: {text}", raw)
    if any(has_order(level) or is_success(level) for level in opened.levels):
        return Unclear(f"the reply contradicts itself: {text}", raw)
    return Rejected(text, meaning_of(text, http_status=status), raw)


def _stated_status(level: Mapping[str, object]) -> int | None:
    """The HTTP error status that a body states, whatever the status line says."""
    for name in ("code", "status_code", "http_code", "statusCode", "status", "error_code"):
        text = as_text(level.get(name), limit=8)
        if re.fullmatch(r"[45][0-9]{2}", text):
            return int(text)
    return None


def _has_error(level: Mapping[str, object]) -> bool:
    """Whether an error stands beside an order; an empty one is none."""
    return is_failure(level) or any(not is_blank(level.get(name)) for name in ("error", "errors"))


def _is_no_order(value: object) -> bool:
    """Whether the reply says that there is no order; 0 may be an id that was lost."""
    return value is None or value is False or value in ("", [], {})


def _fold(name: object) -> str:
    return str(name).casefold().replace("_", "").replace("-", "").replace(" ", "")
