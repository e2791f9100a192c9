"""Starts many database sessions at the same moment with some of the panel's guards off.

A guard is switched off on its way to the database: what is cut out of a statement does not happen,
and nothing of the panel's own code is replaced.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from threading import Barrier
from typing import Final, NamedTuple, TypeVar

from django.db import connection

from tests.threads import LIMIT, at_once

T = TypeVar("T")


class Guard(NamedTuple):
    """A part of the panel's statements, and what stands there while it is switched off."""

    pattern: "re.Pattern[str]"
    instead: str = ""


ROW_LOCK: Final = Guard(
    re.compile(r"\s+FOR (?:NO KEY )?UPDATE(?: OF \"\w+\"(?:, \"\w+\")*)?(?: SKIP LOCKED)?")
)
# whether the sender of an attempt is dead; in a transaction it also keeps every other one out
SENDER_LOCK: Final = Guard(re.compile(r"pg_try_advisory_xact_lock\(%s\)"), "%s::bigint IS NOT NULL")


def at_once_without(
    act: Callable[[int], T],
    *,
    times: int,
    off: Sequence[Guard] = (ROW_LOCK,),
    meet: "re.Pattern[str] | None" = ROW_LOCK.pattern,
    nth: int = 1,
) -> list[T]:
    """As `at_once`, with the guards switched off.

    At its `nth` statement in which `meet` stands, each session waits for all others: when it has
    read, or before it writes. So they all act on what none of them has changed yet.
    """
    have_come = Barrier(times)

    def run(number: int) -> T:
        left = nth

        def rewrite(
            execute: Callable[..., object],
            sql: str,
            params: object,
            many: bool,
            context: Mapping[str, object],
        ) -> object:
            nonlocal left
            is_read = sql.lstrip().startswith("SELECT")
            left -= meet is not None and meet.search(sql) is not None
            is_time, left = left == 0, left or -1
            for guard in off:
                sql = guard.pattern.sub(guard.instead, sql)
            if is_time and not is_read:
                have_come.wait(LIMIT)
            result = execute(sql, params, many, context)
            if is_time and is_read:
                have_come.wait(LIMIT)
            return result

        with connection.execute_wrapper(rewrite):
            return act(number)

    return at_once(run, times=times)
