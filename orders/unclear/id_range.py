"""Between which ids a lost order must lie, since ids grow with time. Pure arithmetic."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_WIDTH = 10_000  # ids between two known orders that are looked up at all


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order of ours whose id is known; it was placed between the two moments."""

    upstream_id: int
    sent_at: datetime  # by the database's clock, as placed_by
    placed_by: datetime


@dataclass(frozen=True, slots=True)
class IdRange:
    """The ids strictly between two known orders; an end that is None is not known yet."""

    lower: int | None
    upper: int | None
    is_numeric: bool = True  # False: some ids around it are no numbers, so it may be anywhere

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
        """How many ids lie inside a closed range."""
        return (
            self.upper - self.lower - 1 if self.lower is not None and self.upper is not None else 0
        )

    def holds(self, upstream_id: int) -> bool:
        """Whether an id may lie inside, as far as the ends are known; among texts none is sure."""
        if not self.is_numeric:
            return False
        is_above = self.lower is None or self.lower < upstream_id
        return is_above and (self.upper is None or upstream_id < self.upper)

    def ids(self) -> range:
        """The ids inside a closed range."""
        return (
            range(self.lower + 1, self.upper)
            if self.lower is not None and self.upper is not None
            else range(0)
        )


def id_range(*, sent_at: datetime, known_orders: Iterable[KnownOrder], quiet: timedelta) -> IdRange:
    """Where an order sent at `sent_at` must lie, if it was placed at all.

    Above every order placed before that; below every order sent more than `quiet` after it, by when
    the lost one has been placed or never will be.
    """
    known = list(known_orders)
    return IdRange(
        lower=max(
            (order.upstream_id for order in known if order.placed_by < sent_at), default=None
        ),
        upper=min(
            (order.upstream_id for order in known if order.sent_at > sent_at + quiet), default=None
        ),
    )


def are_rising(known_orders: Collection[KnownOrder], *, least: int) -> bool | None:
    """Whether later orders have higher ids; None where fewer than `least` surely came later."""
    by_end = sorted(known_orders, key=lambda order: order.placed_by)
    highest, ended, followers = None, 0, 0
    for order in sorted(known_orders, key=lambda order: order.sent_at):
        while ended < len(by_end) and by_end[ended].placed_by < order.sent_at:
            highest = max(by_end[ended].upstream_id, highest or 0)
            ended += 1
        if highest is None:
            continue
        if order.upstream_id <= highest:
            return False
        followers += 1
    return True if followers >= least else None


def choose_ids(
    *, id_ranges: Mapping[int, IdRange], known: Set[int], most: int
) -> tuple[list[int], set[int]]:
    """At most `most` unknown ids inside closed ranges, and the keys of the ranges they cover.

    A range is covered whole or not at all; the earlier in `id_ranges`, the sooner.
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
