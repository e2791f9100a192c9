"""An amount of which only bounds are known. Pure arithmetic."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """An amount that is only known to lie between two; `most` None: there is no upper bound."""

    least: Decimal
    most: Decimal | None

    def moved(self, amount: Decimal) -> "Span":
        """By an amount that is sure."""
        return Span(self.least + amount, None if self.most is None else self.most + amount)

    def stretched(self, amount: Decimal) -> "Span":
        """By an amount of which nothing, all, or something between counts."""
        most = None if self.most is None else self.most + max(amount, Decimal(0))
        return Span(self.least + min(amount, Decimal(0)), most)

    def distance_to(self, other: "Span") -> Decimal:
        """How far the other lies above this one at least, below it as a negative; 0 where
        they may be the same.
        """
        if self.most is not None and other.least > self.most:
            return other.least - self.most
        if other.most is not None and other.most < self.least:
            return other.most - self.least
        return Decimal(0)
