"""Price lists cached in this process, checked against the database before every use.

The check is the *version*: random tokens in the database. A trigger on each table that decides what
is sold, under which name and at which price, renews a token with every statement, in the writer's
own transaction (catalog/triggers.py). Hence
- a committed change always changes the version that readers see: the token becomes visible together
  with the change, and never comes back;
- a list is labelled with the version read *before* its rows: it may be newer than its label, which
  costs one more rewrite, but never older;
- writers do not wait for each other: each renews a token that nobody holds, or adds one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.db import connection

from catalog.prices.price_list import PriceGroup, PriceList, write_list

# seconds that a request waits while another writes; 20,000 services take a tenth of it
PATIENCE: Final = 3.0
VERSION: Final = "SELECT string_agg(token::text, ' ' ORDER BY id) FROM catalog_pricelistversion"


class NotReady(Exception):
    """The first list of this process was not ready within PATIENCE."""


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    prices: PriceList


def read_version() -> str | None:
    """The version that this session sees; None where the table is empty."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION)
        version: str | None = cursor.fetchone()[0]
    return version


class PriceLists:
    """The lists of one process, one per group; shared by its threads."""

    def __init__(
        self,
        *,
        version: Callable[[], str | None] = read_version,
        write: Callable[[PriceGroup], bytes] = write_list,
        patience: float = PATIENCE,
    ) -> None:
        self._version = version
        self._write = write
        self._patience = patience
        self._kept: dict[PriceGroup, _Kept] = {}
        self._writing: dict[PriceGroup, Lock] = {}

    def current(self, *, group: PriceGroup) -> PriceList:
        """The list of `group`, with every change committed before this call.

        One query where nothing changed. After a change one thread rewrites the list; the others
        wait, and after `patience` seconds get the old one. Raises NotReady where there is none.
        """
        found = self._find(group, version=self._version())
        return found or self._write_once(group)

    def _find(self, group: PriceGroup, *, version: str | None) -> PriceList | None:
        kept = self._kept.get(group)
        return kept.prices if kept and kept.version == version else None

    def _write_once(self, group: PriceGroup) -> PriceList:
        lock = self._writing.setdefault(group, Lock())
        if not lock.acquire(timeout=self._patience):
            return self._stale(group)
        try:
            version = self._version()  # again: the thread before may have written it
            return self._find(group, version=version) or self._rewrite(group, version=version)
        finally:
            lock.release()

    def _rewrite(self, group: PriceGroup, *, version: str | None) -> PriceList:
        body = self._write(group)
        kept = self._kept.get(group)
        is_same = kept is not None and kept.prices.variants["identity"].body == body
        prices = kept.prices if kept is not None and is_same else PriceList.of(body)
        if version is not None:  # an empty table says nothing
            self._kept[group] = _Kept(version, prices)
        return prices

    def _stale(self, group: PriceGroup) -> PriceList:
        kept = self._kept.get(group)
        if kept is None:
            raise NotReady
        return kept.prices
