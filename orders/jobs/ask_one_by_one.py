"""Asking one by one, where a provider answers a question about many ids with nothing but an error.

It may know only the single form of the question, or one bad id may spoil the answer for all.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from catalog.upstream import AMBIGUOUS_PHRASES, ErrorReply
from catalog.upstream.error_texts import is_about_an_id, is_ambiguous
from lib.clock import database_now

GIVE_UP = 5  # refusals without one answer: the provider refuses the question, not the ids
MARGIN = 5  # seconds between the end of a call begun at the last moment and the task's soft limit

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Single(Generic[Answer]):
    """What was said about one id."""

    name: str
    asked_at: datetime  # database time before the request
    answer: Answer | None  # None: the provider does not know the id, or says nothing about it


def may_know_single_form(error: ErrorReply) -> bool:
    """Whether the same question about one id at a time may be answered.

    Not where our account is the reason, or where the provider speaks of a trouble of its own.
    """
    is_its_fault = (error.exchange.http_status or 0) >= 500
    if error.reason.is_ours or is_its_fault:
        return False
    return is_about_an_id(error.text) or not is_ambiguous(error.text, AMBIGUOUS_PHRASES)


def ask_singly(
    names: Sequence[str], *, ask: Callable[[str], Mapping[str, Answer]], stop_at: float
) -> Iterator[Single[Answer]]:
    """Ask about one id after the other until `stop_at` (monotonic seconds), but about one at least.

    An id that is refused is unknown to a provider that has answered about another. One that only
    refuses has answered nothing: raises its ErrorReply. Raises any other ProviderError at once;
    what was answered before has been yielded.
    """
    refused: list[Single[Answer]] = []
    last_refusal: ErrorReply | None = None
    has_answered = False
    for number, name in enumerate(names):
        if number and time.monotonic() >= stop_at:
            break
        asked_at = database_now()
        try:
            answers = ask(name)
        except ErrorReply as error:
            if not may_know_single_form(error) or (
                not has_answered and len(refused) + 1 >= GIVE_UP
            ):
                raise
            last_refusal = error
            refused.append(Single(name, asked_at, None))
            continue
        has_answered = True
        yield Single(name, asked_at, answers.get(name))
    if has_answered:
        yield from refused
    elif last_refusal is not None:
        raise last_refusal
