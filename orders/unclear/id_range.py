"""Between which ids of the provider a lost order must lie, since ids grow with time.

Pure arithmetic.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_WIDTH = 10_000  # ids between two landmarks that are looked into at all


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order of ours whose id is known, and between which moments it was placed (database's
    clock).
    """

    upstream_id: int
    sent_at: datetime
    placed_by: datetime


@dataclass(frozen=True, slots=True)
class IdRange:
    """The ids strictly between two landmarks; an end that is None is not known yet."""

    lower: int | None
    upper: int | None

    @property
    def is_closed(self) -> bool:
        """Whether both ends are known and in order."""
        return self.lower is not None and self.upper is not None and self.lower < self.upper

    @property
    def is_contradictory(self) -> bool:
        """Whether the ends are the wrong way round: then ids do not grow with time."""
        return self.lower is not None and self.upper is not None and self.lower >= self.upper

    @property
    def width(self) -> int:
        """How many ids lie inside a closed bracket."""
        return (
            self.upper - self.lower - 1 if self.lower is not None and self.upper is not None else 0
        )

    def holds(self, upstream_id: int) -> bool:
        """Whether an id may lie inside, as far as the ends are known."""
        is_above = self.lower is None or self.lower < upstream_id
        return is_above and (self.upper is None or upstream_id < self.upper)

    def ids(self) -> range:
        """The ids inside a closed bracket."""
        return (
            range(self.lower + 1, self.upper)
            if self.lower is not None and self.upper is not None
            else range(0)
        )


def id_range(*, sent_at: datetime, known_orders: Iterable[KnownOrder], quiet: timedelta) -> IdRange:
    """Where an order sent at `sent_at` must lie, if it was placed at all.

    Above every order that was placed before that; below every order that was sent more than `quiet`
    after it, by when the provider must have placed the lost one or never will.
    """
    known = list(known_orders)
    return IdRange(
        lower=max((mark.upstream_id for mark in known if mark.placed_by < sent_at), default=None),
        upper=min(
            (mark.upstream_id for mark in known if mark.sent_at > sent_at + quiet), default=None
        ),
    )


def are_rising(known_orders: Collection[KnownOrder], *, least: int) -> bool | None:
    """Whether of any two orders placed one after the other the later has the higher id.

    None where fewer than `least` orders came surely after another one.
    """
    by_end = sorted(known_orders, key=lambda mark: mark.placed_by)
    highest, ended, followers = None, 0, 0
    for mark in sorted(known_orders, key=lambda mark: mark.sent_at):
        while ended < len(by_end) and by_end[ended].placed_by < mark.sent_at:
            highest = max(by_end[ended].upstream_id, highest or 0)
            ended += 1
        if highest is None:
            continue
        if mark.upstream_id <= highest:
            return False
        followers += 1
    return True if followers >= least else None


def choose_ids(
    *, id_ranges: Mapping[int, IdRange], known: Set[int], most: int
) -> tuple[list[int], set[int]]:
    """The ids inside closed brackets that are not known, at most `most`, and the keys of the
    brackets they cover.

    A bracket is covered whole or not at all; the earlier in `brackets`, the sooner.
    """
    chosen: set[int] = set()
    covered: set[int] = set()
    for key, each in id_ranges.items():
        if not each.is_closed or each.width > MAX_WIDTH:
            continue
        wanted = chosen.union(number for number in each.ids() if number not in known)
        if len(wanted) <= most:
            chosen = wanted
            covered.add(key)
    return sorted(chosen), covered


def calls_for(ids: Sequence[int], *, batch: int) -> list[list[int]]:
    """The ids in portions of one call."""
    return [list(ids[start : start + batch]) for start in range(0, len(ids), batch)]
