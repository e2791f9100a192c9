"""A checked mass order: the verdict on each line, and what the lines add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from catalog.models import Service
from orders.mass_order.parse import Line
from orders.models import Order


class Verdict(StrEnum):
    """What the check says of a line."""

    READY = "Ready"
    REPEAT = "Repeat"  # its link has an order already: ordered only if the customer says so
    SHORT = "No balance"  # the rest of the balance does not cover it
    WRONG = "Wrong"
    ORDERED = "Ordered"


TONES: Final = {
    Verdict.READY: "info",
    Verdict.REPEAT: "warn",
    Verdict.SHORT: "bad",
    Verdict.WRONG: "bad",
    Verdict.ORDERED: "good",
}


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line, what it orders, and why it may not be ready."""

    line: Line
    verdict: Verdict
    note: str = ""  # why it is not ready
    service: Service | None = None
    # by protocol names; None where the line could not be read
    values: Mapping[str, str] | None = None
    units: int = 0  # that are paid for
    # panel currency, at the present price; a subscription's posts are charged later
    charge: Decimal | None = None
    # what the balance must cover: the charge, or one post of a subscription
    needed: Decimal = Decimal(0)
    order: Order | None = None  # the one it became, or the one it repeats

    @property
    def tone(self) -> str:
        """The colour of the verdict."""
        return TONES[self.verdict]

    @property
    def link(self) -> str:
        """The link as written; empty for a subscription, which is for a user."""
        return (self.values or {}).get("link", "")

    @property
    def is_subscription(self) -> bool:
        """Whether `needed` is for each post."""
        return self.charge is not None and self.charge < self.needed

    @property
    def subject(self) -> str:
        """The link, or the user whose posts are served."""
        return self.link or (self.values or {}).get("username", "")


@dataclass(frozen=True, slots=True)
class MassCheck:
    """All lines in their order, and the balance before them."""

    lines: Sequence[CheckedLine]
    balance: Decimal

    @property
    def ready(self) -> list[CheckedLine]:
        """What is ordered at once."""
        return self._of(Verdict.READY)

    @property
    def repeats(self) -> list[CheckedLine]:
        """What is ordered only if the customer says so."""
        return self._of(Verdict.REPEAT)

    @property
    def ordered(self) -> list[CheckedLine]:
        """What became an order."""
        return self._of(Verdict.ORDERED)

    @property
    def unordered(self) -> list[CheckedLine]:
        """What did not, for whatever reason."""
        return [line for line in self.lines if line.verdict != Verdict.ORDERED]

    @property
    def unfit(self) -> list[CheckedLine]:
        """What cannot be ordered as it is."""
        return self._of(Verdict.SHORT, Verdict.WRONG)

    @property
    def charge(self) -> Decimal:
        """What the ready and the ordered lines cost."""
        return _sum(self.ready + self.ordered)

    @property
    def repeats_charge(self) -> Decimal:
        """What the repeats cost."""
        return _sum(self.repeats)

    @property
    def ready_and_repeats(self) -> list[CheckedLine]:
        """What is ordered with repeats; the ready ones first, as the balance goes to them first."""
        return self.ready + self.repeats

    @property
    def is_short(self) -> bool:
        """Whether the balance does not cover all lines."""
        return any(line.verdict == Verdict.SHORT for line in self.lines)

    @property
    def balance_after(self) -> Decimal:
        """What is left when the ready lines are ordered."""
        return self.balance - _sum(self.ready)

    def replaced(self, lines: Iterable[CheckedLine]) -> "MassCheck":
        """The same with these lines in place of theirs."""
        became = {line.line.number: line for line in lines}
        return replace(self, lines=[became.get(line.line.number, line) for line in self.lines])

    def _of(self, *verdicts: Verdict) -> list[CheckedLine]:
        return [line for line in self.lines if line.verdict in verdicts]


def _sum(lines: Iterable[CheckedLine]) -> Decimal:
    return sum((line.charge for line in lines if line.charge is not None), Decimal(0))
