"""Reprice services: compute costs and prices from rates and margin rules, write those that moved.

A writer holds `lock_catalog` from before it reads the rules; a preview need not.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection

from catalog.models import MarginRule, MarginScope, Service, ServiceQuerySet
from catalog.prices.exchange_rates import NoExchangeRate, known_exchange_rates
from catalog.prices.margin_rules import Priced, Rule, RuleBook

# until the admin sets one: nothing is sold at cost by omission
DEFAULT_PERCENT: Final = Decimal(25)


@dataclass(frozen=True, slots=True)
class Repriced:
    """A service whose cost, price or rule changes."""

    service: int
    cost: Decimal
    price_before: Decimal
    priced: Priced


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of margins or exchange rates would do, saved or not."""

    services: int  # that it concerns
    moved: tuple[Repriced, ...]  # whose price would change


def open_rulebook() -> RuleBook:
    """All margin rules; creates the rule for all services on first use."""
    MarginRule.objects.get_or_create(scope=MarginScope.ALL, defaults={"percent": DEFAULT_PERCENT})
    rows = MarginRule.objects.values_list(
        "pk", "scope", "provider_id", "category_id", "service_id", "percent", "fixed"
    )
    return RuleBook(
        Rule(
            scope=scope, target=provider or category or service, percent=percent, fixed=fixed, pk=pk
        )
        for pk, scope, provider, category, service, percent, fixed in rows
    )


def preview(
    *,
    services: ServiceQuerySet,
    book: RuleBook,
    exchange_rates: Mapping[str, Decimal] | None = None,
) -> Preview:
    """What `reprice` would change by these rules and rates. Raises TooDear and NoExchangeRate."""
    rows = work_out(services=services, book=book, exchange_rates=exchange_rates)
    moved = tuple(row for row in rows if row.price_before != row.priced.price)
    return Preview(services=services.count(), moved=moved)


def work_out(
    *,
    services: ServiceQuerySet,
    book: RuleBook,
    exchange_rates: Mapping[str, Decimal] | None = None,
) -> Iterator[Repriced]:
    """The services whose cost, price or rule differs from what is stored.

    `exchange_rates`: the known ones unless given. Raises TooDear and NoExchangeRate.
    """
    exchange_rates = known_exchange_rates() if exchange_rates is None else exchange_rates
    rows = services.order_by("pk").values_list(
        "pk",
        "provider_id",
        "category_id",
        "provider__currency",
        "rate",
        "cost",
        "price",
        "margin_rule_id",
    )
    for service, provider, category, currency, rate, cost, price, rule in rows.iterator(
        chunk_size=5000
    ):
        if currency not in exchange_rates:
            raise NoExchangeRate(f"no exchange rate is known for {currency}")
        priced = book.price(
            rate=rate,
            exchange_rate=exchange_rates[currency],
            service=service,
            category=category,
            provider=provider,
        )
        if (priced.cost, priced.price, priced.rule.pk) != (cost, price, rule):
            yield Repriced(service=service, cost=cost, price_before=price, priced=priced)


def reprice(*, services: ServiceQuerySet, book: RuleBook, now: datetime) -> int:
    """Update cost, price and rule of these services; returns how many prices changed."""
    moved = list(work_out(services=services, book=book))
    _write(moved, now=now)
    return sum(row.price_before != row.priced.price for row in moved)


def _write(moved: Iterable[Repriced], *, now: datetime) -> None:
    rows = list(moved)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_service AS s"
            " SET cost = n.cost, price = n.price, margin_rule_id = n.rule, updated_at = %s"
            " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::bigint[])"
            " AS n (id, cost, price, rule)"
            " WHERE s.id = n.id",
            [
                now,
                [row.service for row in rows],
                [row.priced.cost for row in rows],
                [row.priced.price for row in rows],
                [row.priced.rule.pk for row in rows],
            ],
        )


def services_under(*, scope: str, target: int | None) -> ServiceQuerySet:
    """The services that a rule of this scope may price, including withdrawn ones."""
    if scope == MarginScope.ALL:
        return Service.objects.all()
    name = {
        MarginScope.PROVIDER: "provider",
        MarginScope.CATEGORY: "category",
        MarginScope.SERVICE: "pk",
    }
    return Service.objects.filter(**{name[MarginScope(scope)]: target})
