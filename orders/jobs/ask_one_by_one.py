"""Ask a provider about many ids at once, and one by one where it answers with nothing but an error.

It may know only the single form of the question, or one bad id may spoil the answer for all.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from catalog.upstream import AMBIGUOUS_PHRASES, ErrorReply, ProviderError
from catalog.upstream.error_texts import is_about_an_id, is_ambiguous
from lib.clock import database_now

log = logging.getLogger(__name__)

GIVE_UP = 5  # errors without one answer: the provider rejects the question, not the ids

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """What was said about some ids; the provider does not know those that are missing."""

    names: Sequence[str]  # that were asked about
    asked_at: datetime  # database time before the request
    by_name: Mapping[str, Answer]


def ask_and_apply(
    names: Sequence[str],
    *,
    ask: Callable[[Sequence[str]], Mapping[str, Answer]],
    apply: Callable[[Answers[Answer]], Counter[str]],
    asked_at: datetime,
    stop_at: float,
) -> Counter[str]:
    """Ask about all ids, and apply each answer as it comes; counts also the "unanswered" ids.

    `asked_at` is the database's time; where one id is asked about after the other, that ends at
    `stop_at` (monotonic seconds).
    """
    tally: Counter[str] = Counter()
    left = len(names)
    try:
        for answers in _ask_about(names, ask=ask, asked_at=asked_at, stop_at=stop_at):
            left -= len(answers.names)
            tally += apply(answers)
    except ProviderError as error:
        log.warning("the provider did not answer about %d ids: %s", left, error)
        tally["unanswered"] += left
    return tally


def _ask_about(
    names: Sequence[str],
    *,
    ask: Callable[[Sequence[str]], Mapping[str, Answer]],
    asked_at: datetime,
    stop_at: float,
) -> Iterator[Answers[Answer]]:
    """In one call, or as ask_singly does. Raises ProviderError after what was answered before."""
    try:
        by_name = ask(names)
    except ErrorReply as error:
        if len(names) == 1 or not may_know_single_form(error):
            raise
        yield from ask_singly(names, ask=ask, stop_at=stop_at)
    else:
        yield Answers(names, asked_at, by_name)


def may_know_single_form(error: ErrorReply) -> bool:
    """Whether the same question about one id at a time may be answered.

    Not where our account is the reason, or where the provider reports trouble of its own.
    """
    is_its_fault = (error.exchange.http_status or 0) >= 500
    if error.reason.is_ours or is_its_fault:
        return False
    return is_about_an_id(error.text) or not is_ambiguous(error.text, AMBIGUOUS_PHRASES)


def ask_singly(
    names: Sequence[str], *, ask: Callable[[Sequence[str]], Mapping[str, Answer]], stop_at: float
) -> Iterator[Answers[Answer]]:
    """Ask about one id after the other until `stop_at` (monotonic seconds), but about one at least.

    An id that gets an error is unknown to a provider that has answered about another. One that
    answers with nothing but errors has not answered: raises its ErrorReply. Raises any other
    ProviderError at once; what was answered before has been yielded.
    """
    rejected: list[Answers[Answer]] = []
    last_rejection: ErrorReply | None = None
    has_answered = False
    for number, name in enumerate(names):
        if number and time.monotonic() >= stop_at:
            break
        asked_at = database_now()
        try:
            by_name = ask([name])
        except ErrorReply as error:
            if not may_know_single_form(error) or (
                not has_answered and len(rejected) + 1 >= GIVE_UP
            ):
                raise
            last_rejection = error
            rejected.append(Answers([name], asked_at, {}))
            continue
        has_answered = True
        yield Answers([name], asked_at, by_name)
    if has_answered:
        yield from rejected
    elif last_rejection is not None:
        raise last_rejection
