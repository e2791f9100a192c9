"""The margin rule that prices a service: the most specific one. No database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from catalog.prices.arithmetic import cost_of, price_of

BROADEST_LAST: Final = ("service", "category", "provider", "all")
MAX_PRICE: Final = Decimal(10) ** 12  # the first price that does not fit its column


class TooDear(ValueError):
    """A price of MAX_PRICE or more: a mistake in a rate, an exchange rate or a margin."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A margin: percent of the cost, and a fixed amount per 1000 or per order.

    `target` is None for all services.
    """

    scope: str
    target: int | None
    percent: Decimal
    fixed: Decimal
    pk: int | None = None  # None: not saved, for a preview


@dataclass(frozen=True, slots=True)
class Priced:
    """Cost and price of a service, panel's currency, and the rule that applied."""

    cost: Decimal
    price: Decimal
    rule: Rule


class RuleBook:
    """All margin rules; always with one for all services."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: Mapping[tuple[str, int | None], Rule] = {
            (rule.scope, rule.target): rule for rule in rules
        }
        if ("all", None) not in self._rules:
            raise ValueError("there is no margin rule for all services")

    def with_rule(self, rule: Rule) -> "RuleBook":
        """A book in which `rule` replaces the one for its target."""
        return RuleBook([*self._rules.values(), rule])

    def without(self, *, scope: str, target: int) -> "RuleBook":
        """A book without the rule for this target."""
        return RuleBook(rule for key, rule in self._rules.items() if key != (scope, target))

    def rule_for(self, *, service: int | None, category: int, provider: int) -> Rule:
        """The most specific rule; a new service has no id yet."""
        targets = {"service": service, "category": category, "provider": provider, "all": None}
        return next(
            rule for scope in BROADEST_LAST if (rule := self._rules.get((scope, targets[scope])))
        )

    def price(
        self,
        *,
        rate: Decimal,
        exchange_rate: Decimal,
        service: int | None,
        category: int,
        provider: int,
    ) -> Priced:
        """Cost and price of a rate in the provider's currency. Raises TooDear."""
        rule = self.rule_for(service=service, category=category, provider=provider)
        cost = cost_of(rate=rate, exchange_rate=exchange_rate)
        price = price_of(cost=cost, percent=rule.percent, fixed=rule.fixed)
        if price >= MAX_PRICE:
            raise TooDear("the price would be too high")
        return Priced(cost=cost, price=price, rule=rule)
