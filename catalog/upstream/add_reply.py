"""Classify the reply to an `add`: definite only where the provider is definite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from catalog.upstream.error_texts import (
    AMBIGUOUS_PHRASES,
    error_text,
    is_ambiguous,
    is_success,
)
from catalog.upstream.json_values import ID_LENGTH, NotJSON, as_text, parse_exactly
from catalog.upstream.known_messages import meaning_of
from catalog.upstream.outcomes import Accepted, AddOutcome, NotSent, Rejected, Unclear
from outbound.key_mask import KeyMask
from outbound.reply import Reply

ORDER_NAMES = frozenset({"order", "orders", "orderid", "neworder"})  # without case and separators


def judge_add(
    reply: Reply,
    *,
    mask: KeyMask,
    ambiguous_phrases: Iterable[str] = AMBIGUOUS_PHRASES,
    is_429_unclear: bool = False,
) -> AddOutcome:
    """What an `add` did, by its reply.

    Accepted: HTTP 200, a JSON object with an order id and no error. Rejected: HTTP 2xx or 4xx, a
    JSON object with an error, no order anywhere and no ambiguous phrase; its reason is UNKNOWN
    where no known panel uses the message. NotSent: HTTP 429. All else is Unclear.
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
    if not isinstance(tree, Mapping):
        return Unclear(f"HTTP {reply.status} without a JSON object", raw)
    text = error_text(tree)
    if "order" in tree:
        return _judge_order(tree, reply, text=text)
    return _judge_rejection(
        tree, reply, text=text, has_notices=has_notices, words=ambiguous_phrases
    )


def has_order(tree: object) -> bool:
    """Whether an order is named anywhere in a reply."""
    if isinstance(tree, Mapping):
        return any(_fold(name) in ORDER_NAMES or has_order(value) for name, value in tree.items())
    return isinstance(tree, list) and any(has_order(item) for item in tree)


def _judge_order(tree: Mapping[str, object], reply: Reply, *, text: str) -> AddOutcome:
    order_id = _order_id(tree["order"])
    if order_id is None:
        return Unclear("the reply names an order but no usable id", reply.exchange)
    if text or "error" in tree or "errors" in tree:
        return Unclear(f"the reply names order {order_id} and an error", reply.exchange)
    if reply.status != 200:
        return Unclear(f"HTTP {reply.status} with order {order_id}", reply.exchange)
    return Accepted(order_id, reply.exchange)


def _judge_rejection(
    tree: Mapping[str, object], reply: Reply, *, text: str, has_notices: bool, words: Iterable[str]
) -> AddOutcome:
    raw = reply.exchange
    if not text:
        return Unclear("the reply names neither an order nor an error", raw)
    status = _stated_status(tree) or reply.status
    if not all(200 <= code < 300 or 400 <= code < 500 for code in (status, reply.status)):
        return Unclear(f"HTTP {status}: {text}", raw)
    if has_order(tree) or is_success(tree):
        return Unclear(f"the reply contradicts itself: {text}", raw)
    if has_notices:
        return Unclear(f"an ambiguous error: {text}", raw)
    if is_ambiguous(tree, words):
        return Unclear(f"an ambiguous error: {text}", raw, text)
    return Rejected(text, meaning_of(text, http_status=status), raw)


def _stated_status(tree: Mapping[str, object]) -> int | None:
    """The HTTP error status that a body states, whatever the status line says."""
    for name in ("code", "status_code", "http_code", "statusCode", "status", "error_code"):
        text = as_text(tree.get(name), limit=8)
        if re.fullmatch(r"[45][0-9]{2}", text):
            return int(text)
    return None


def _order_id(value: object) -> str | None:
    """A positive integer, also as a string of ASCII digits; not true, 1.0 or " 5"."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    is_number = text.isascii() and text.isdigit() and len(text) <= ID_LENGTH
    return text if is_number and text.strip("0") else None


def _fold(name: object) -> str:
    return str(name).casefold().replace("_", "").replace("-", "").replace(" ", "")
