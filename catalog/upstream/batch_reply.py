"""Classify the reply to a `refill` or `cancel` of up to 100 orders."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.upstream.error_texts import find_reason, is_ambiguous
from catalog.upstream.json_values import NotJSON, parse_exactly
from catalog.upstream.outcomes import NotSent, Reason, Rejected, Unclear
from catalog.upstream.refill_and_cancel_replies import Answered, BatchOutcome, parse_taken
from catalog.upstream.reply_shapes import call_error, open_reply
from catalog.upstream.status_reply import IdError
from outbound.key_mask import KeyMask
from outbound.reply import Reply


def judge_batch(
    reply: Reply, *, action: str, ids: Sequence[str], mask: KeyMask, words: tuple[str, ...]
) -> BatchOutcome:
    """What a `refill` or `cancel` of `ids` did, by its reply."""
    raw = reply.exchange
    if reply.status == 429:
        return NotSent(
            "the provider asks us to slow down", raw, is_429=True, retry_after=reply.retry_after
        )
    try:
        tree = mask.tree(parse_exactly(reply.body)[0])
    except NotJSON:
        return Unclear(f"HTTP {reply.status} without JSON", raw)
    opened = open_reply(tree, action=action, ids=ids)
    if text := call_error(opened, ids=ids):
        return _judge_error(text, tree, reply, ids=ids, words=words)
    if not 200 <= reply.status < 300:
        return Unclear(f"HTTP {reply.status}", raw)
    answered = parse_taken(opened.content, action=action, ids=ids, raw=raw, ambiguous_phrases=words)
    return answered if answered.results else Unclear("the reply names none of the orders", raw)


def _judge_error(
    text: str, tree: object, reply: Reply, *, ids: Sequence[str], words: tuple[str, ...]
) -> BatchOutcome:
    is_read = 200 <= reply.status < 300 or 400 <= reply.status < 500
    if not is_read or is_ambiguous(tree, words):
        return Unclear(f"HTTP {reply.status}: {text}", reply.exchange)
    reason = find_reason(text, http_status=reply.status)
    if len(ids) == 1 and reason is Reason.CUSTOMER:
        return Answered({ids[0]: IdError(text)}, (), reply.exchange)
    return Rejected(text, reason, reply.exchange)
