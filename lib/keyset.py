"""Keyset pages: each begins behind a row's key, so that a deep page costs what the first one does.

Keys are whole numbers that order the rows by age.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page; the keys that the next pages lie beyond, None where there is no such page."""

    rows: list[Row]
    newer_than: int | None
    older_than: int | None


def newest_first(
    rows: models.QuerySet[Row],
    *,
    size: int,
    key: str = "pk",
    before: int | None = None,
    after: int | None = None,
) -> Page[Row]:
    """The newest rows, or the newest before a key, or the oldest after one, which goes first."""
    if after is not None:
        shown, is_more = _cut(rows.filter(**{f"{key}__gt": after}).order_by(key), size)
        shown.reverse()
        is_newer, is_older = is_more, True  # the page that the reader came from is older
    else:
        below = rows if before is None else rows.filter(**{f"{key}__lt": before})
        shown, is_older = _cut(below.order_by(f"-{key}"), size)
        is_newer = before is not None
    return Page(
        rows=shown,
        newer_than=getattr(shown[0], key) if shown and is_newer else None,
        older_than=getattr(shown[-1], key) if shown and is_older else None,
    )


def oldest_first(
    rows: models.QuerySet[Row], *, size: int, key: str = "pk", after: int | None = None
) -> Page[Row]:
    """The oldest rows, or the oldest after a key: a queue, which is read forwards only."""
    behind = rows if after is None else rows.filter(**{f"{key}__gt": after})
    shown, is_more = _cut(behind.order_by(key), size)
    return Page(
        rows=shown, newer_than=getattr(shown[-1], key) if is_more else None, older_than=None
    )


def _cut(rows: models.QuerySet[Row], size: int) -> tuple[list[Row], bool]:
    """The first rows, and whether there are more."""
    read = list(rows[: size + 1])
    return read[:size], len(read) > size
