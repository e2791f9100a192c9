"""Finds the margin rule that prices a service: the most specific one. Pure: knows no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from catalog.prices.arithmetic import cost_of, price_of

WIDEST_LAST: Final = ("service", "category", "provider", "all")
BEYOND: Final = Decimal(10) ** 12  # the first price that the database has no digits for


class TooDear(ValueError):
    """A price beyond 10¹² in the panel's currency: a mistake in a rate, an exchange rate or a
    margin.
    """


@dataclass(frozen=True, slots=True)
class Rule:
    """A margin: percent of the cost, and a fixed amount per 1000 or per order.

    `target` is None for all services.
    """

    scope: str
    target: int | None
    percent: Decimal
    fixed: Decimal
    pk: int | None = None  # None: not saved, only tried out


@dataclass(frozen=True, slots=True)
class Priced:
    """What a service costs us and our customers, panel's currency, and the rule that says so."""

    cost: Decimal
    price: Decimal
    rule: Rule


class RuleBook:
    """All margin rules at one moment; holds a rule for all services, always."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: Mapping[tuple[str, int | None], Rule] = {
            (rule.scope, rule.target): rule for rule in rules
        }
        if ("all", None) not in self._rules:
            raise ValueError("there is no margin rule for all services")

    def with_rule(self, rule: Rule) -> "RuleBook":
        """The book as it would be with `rule` in the place of the one for the same target."""
        return RuleBook([*self._rules.values(), rule])

    def without(self, *, scope: str, target: int) -> "RuleBook":
        """The book as it would be without the rule for this target."""
        return RuleBook(rule for key, rule in self._rules.items() if key != (scope, target))

    def rule_for(self, *, service: int | None, category: int, provider: int) -> Rule:
        """The most specific rule: service, then category, then provider, then all.

        A new service has no id yet.
        """
        targets = {"service": service, "category": category, "provider": provider, "all": None}
        return next(
            rule for scope in WIDEST_LAST if (rule := self._rules.get((scope, targets[scope])))
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
        if price >= BEYOND:
            raise TooDear("the price would be beyond all bounds")
        return Priced(cost=cost, price=price, rule=rule)
