"""A mass order, line by line: what can become of a line, and what they come to together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from catalog.models import Service
from orders.mass_order.parse import Line
from orders.models import Order


class Verdict(StrEnum):
    """What can become of a line."""

    READY = "Ready"
    # can be ordered, but its link is here already: only where the customer says so
    REPEAT = "Repeat"
    SHORT = "No balance"  # what is left of the balance does not pay for it
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
    """A line, what it asks for, and what stands in its way."""

    line: Line
    verdict: Verdict
    note: str = ""  # why it is not ready
    service: Service | None = None
    # by protocol names; None where the line could not be read
    values: Mapping[str, str] | None = None
    units: int = 0  # that are paid for
    # in the panel's currency, at the present price; a subscription's posts come later
    charge: Decimal | None = None
    # that the balance must hold: the charge, or one post of a subscription
    needed: Decimal = Decimal(0)
    order: Order | None = None  # that it became, or that it repeats

    @property
    def tone(self) -> str:
        """The colour of the verdict."""
        return TONES[self.verdict]

    @property
    def link(self) -> str:
        """What the order is for, as it was written; empty for a subscription, which is for a user."""
        return (self.values or {}).get("link", "")

    @property
    def is_subscription(self) -> bool:
        """Whether `needed` is for each post, once it was served."""
        return self.charge is not None and self.charge < self.needed

    @property
    def subject(self) -> str:
        """The link, or whose posts are served."""
        return self.link or (self.values or {}).get("username", "")


@dataclass(frozen=True, slots=True)
class MassCheck:
    """All lines in their order, and the balance that they would leave."""

    lines: Sequence[CheckedLine]
    balance: Decimal

    @property
    def ready(self) -> list[CheckedLine]:
        """What is ordered without another question."""
        return self._of(Verdict.READY)

    @property
    def repeats(self) -> list[CheckedLine]:
        """What is ordered only where the customer says so."""
        return self._of(Verdict.REPEAT)

    @property
    def ordered(self) -> list[CheckedLine]:
        """What has become an order."""
        return self._of(Verdict.ORDERED)

    @property
    def unordered(self) -> list[CheckedLine]:
        """What has not, whatever the reason."""
        return [line for line in self.lines if line.verdict != Verdict.ORDERED]

    @property
    def unfit(self) -> list[CheckedLine]:
        """What cannot be ordered as it stands."""
        return self._of(Verdict.SHORT, Verdict.WRONG)

    @property
    def charge(self) -> Decimal:
        """What the ready lines cost, or did cost the ordered ones."""
        return _sum(self.ready + self.ordered)

    @property
    def repeats_charge(self) -> Decimal:
        """What the repeats cost."""
        return _sum(self.repeats)

    @property
    def ready_and_repeats(self) -> list[CheckedLine]:
        """What is ordered where the customer wants repeats, too; the ready ones first, as
        the balance was given.
        """
        return self.ready + self.repeats

    @property
    def is_short(self) -> bool:
        """Whether the balance ends before the lines do."""
        return any(line.verdict == Verdict.SHORT for line in self.lines)

    @property
    def balance_after(self) -> Decimal:
        """What is left when the ready lines are ordered."""
        return self.balance - _sum(self.ready)

    def replaced(self, lines: Iterable[CheckedLine]) -> "MassCheck":
        """The same with what these lines have become."""
        became = {line.line.number: line for line in lines}
        return replace(self, lines=[became.get(line.line.number, line) for line in self.lines])

    def _of(self, *verdicts: Verdict) -> list[CheckedLine]:
        return [line for line in self.lines if line.verdict in verdicts]


def _sum(lines: Iterable[CheckedLine]) -> Decimal:
    return sum((line.charge for line in lines if line.charge is not None), Decimal(0))
