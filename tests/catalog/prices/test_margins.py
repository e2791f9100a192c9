"""Margin rules: the most specific wins, and prices follow at once."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Role
from catalog.models import ExchangeRate, MarginRule, Provider, Service
from catalog.prices.margin_rules import Rule, RuleBook, TooDear
from catalog.prices.reprice import open_rulebook, reprice
from catalog.prices.set_margin import (
    BadMargin,
    RuleNeeded,
    preview_margin,
    remove_margin,
    set_margin,
)
from catalog.providers import set_exchange_rate
from tests.factories import NOW, make_category, make_provider, make_service, make_user

EVERY = Rule(scope="all", target=None, percent=Decimal(25), fixed=Decimal(0))


def rule(scope: str, target: int, percent: int) -> Rule:
    return Rule(scope=scope, target=target, percent=Decimal(percent), fixed=Decimal(0))


def set_percent(target: object, percent: object, fixed: object = 0) -> MarginRule:
    return set_margin(
        target=target,  # type: ignore[arg-type]  # any of the targets
        percent=Decimal(str(percent)),
        fixed=Decimal(str(fixed)),
        actor=None,
        now=NOW,
    )


def price_of(service: Service) -> Decimal:
    return Service.objects.get(pk=service.pk).price


@pytest.mark.parametrize(
    ("rules", "percent"),
    [
        ([], 25),
        ([rule("provider", 1, 30)], 30),
        ([rule("provider", 1, 30), rule("category", 2, 40)], 40),
        ([rule("provider", 1, 30), rule("category", 2, 40), rule("service", 3, 5)], 5),
        ([rule("provider", 9, 30), rule("category", 9, 40), rule("service", 9, 5)], 25),
        ([rule("service", 1, 99)], 25),  # the id of a provider is no id of a service
    ],
)
def test_the_most_specific_rule_wins(rules: list[Rule], percent: int) -> None:
    book = RuleBook([EVERY, *rules])

    assert book.rule_for(service=3, category=2, provider=1).percent == percent


def test_a_rulebook_without_a_rule_for_all_is_no_rulebook() -> None:
    with pytest.raises(ValueError, match="no margin rule for all"):
        RuleBook([rule("provider", 1, 30)])


def test_a_price_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(TooDear):
        RuleBook([EVERY]).price(
            rate=Decimal(10) ** 11, exchange_rate=Decimal(10), service=None, category=1, provider=1
        )


@pytest.mark.django_db
def test_prices_follow_each_rule_as_it_is_set_and_removed() -> None:
    service = make_service(cost="1")
    seen = []

    set_percent(None, 10)
    seen.append(price_of(service))
    of_provider = set_percent(service.provider, 20)
    seen.append(price_of(service))
    of_category = set_percent(service.category, 30)
    seen.append(price_of(service))
    of_service = set_percent(service, 40, "0.05")
    seen.append(price_of(service))
    set_percent(service.provider, 21)  # a wider rule changes nothing here
    seen.append(price_of(service))
    for saved in (of_service, of_category, of_provider):
        remove_margin(rule=MarginRule.objects.get(pk=saved.pk), actor=None, now=NOW)
        seen.append(price_of(service))

    assert seen == [
        Decimal(text) for text in ("1.10", "1.20", "1.30", "1.45", "1.45", "1.30", "1.21", "1.10")
    ]


@pytest.mark.django_db
def test_each_service_knows_the_rule_of_its_price() -> None:
    service = make_service(cost="1")

    saved = set_percent(service.category, 30)

    assert Service.objects.get(pk=service.pk).margin_rule == saved


@pytest.mark.django_db
def test_only_the_services_of_the_target_are_repriced() -> None:
    provider = make_provider()
    touched, other = make_service(provider=provider, cost="1"), make_service(cost="1", price="9")

    set_percent(provider, 30)

    assert price_of(touched) == Decimal("1.30")
    assert price_of(other) == Decimal(9)


@pytest.mark.django_db
def test_setting_a_margin_twice_keeps_one_rule_and_names_who_did_it() -> None:
    admin = make_user(role=Role.ADMIN)
    provider = make_provider()

    set_percent(provider, 30)
    set_margin(target=provider, percent=Decimal(35), fixed=Decimal(0), actor=admin, now=NOW)

    saved = MarginRule.objects.get(provider=provider)
    assert (saved.percent, saved.updated_by) == (Decimal(35), admin)


@pytest.mark.django_db
def test_the_rule_for_all_services_cannot_be_removed() -> None:
    saved = set_percent(None, 10)

    with pytest.raises(RuleNeeded):
        remove_margin(rule=saved, actor=None, now=NOW)

    assert MarginRule.objects.get() == saved


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("percent", "fixed"), [("-0.01", "0"), ("0", "-1"), ("10000.1", "0"), ("NaN", "0")]
)
def test_a_margin_that_would_sell_below_cost_is_refused(percent: str, fixed: str) -> None:
    service = make_service(cost="1", price="1.25")

    with pytest.raises(BadMargin):
        set_percent(service, percent, fixed)

    assert not MarginRule.objects.exists()
    assert price_of(service) == Decimal("1.25")


@pytest.mark.django_db
def test_the_database_refuses_a_margin_below_cost() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MarginRule.objects.create(scope="all", percent=Decimal(-1))


@pytest.mark.django_db
def test_a_preview_tells_every_price_that_would_move_and_changes_nothing() -> None:
    provider = make_provider()
    first, second = (
        make_service(provider=provider, cost="1"),
        make_service(provider=provider, cost="2"),
    )
    own = make_service(provider=provider, cost="1")
    set_percent(own, 99)
    set_percent(None, 25)
    set_percent(provider, 25)
    before = list(Service.objects.order_by("pk").values())

    found = preview_margin(target=provider, percent=Decimal(50), fixed=Decimal(0))

    assert found.services == 3
    assert [(row.service, row.price_before, row.priced.price) for row in found.moved] == [
        (first.pk, Decimal("1.25"), Decimal("1.50")),
        (second.pk, Decimal("2.50"), Decimal("3.00")),
    ]
    assert list(Service.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_without_any_rule_services_are_sold_with_25_percent() -> None:
    service = make_service(cost="1", price="1")

    moved = reprice(services=Service.objects.all(), book=open_rulebook(), now=NOW)

    assert moved == 1
    assert price_of(service) == Decimal("1.25")
    assert MarginRule.objects.get().scope == "all"


@pytest.mark.django_db
def test_prices_that_do_not_move_are_not_written() -> None:
    service = make_service(cost="1")
    set_percent(None, 25)
    written = Service.objects.get(pk=service.pk).updated_at

    assert reprice(services=Service.objects.all(), book=open_rulebook(), now=NOW) == 0
    assert Service.objects.get(pk=service.pk).updated_at == written


@pytest.mark.django_db
def test_a_new_exchange_rate_moves_costs_and_prices_of_that_currency_alone() -> None:
    foreign = make_service(provider=make_provider(currency="EUR"), cost="1")
    ours = make_service(cost="1", price="1.25")

    set_exchange_rate(currency="EUR", rate=Decimal("1.10"), now=NOW)
    set_exchange_rate(currency="EUR", rate=Decimal("1.20"), now=NOW)

    found = Service.objects.get(pk=foreign.pk)
    assert (found.rate, found.cost, found.price) == (Decimal(1), Decimal("1.20"), Decimal("1.50"))
    assert ExchangeRate.objects.get().rate == Decimal("1.20")
    assert price_of(ours) == Decimal("1.25")


@pytest.mark.django_db
def test_an_exchange_rate_that_makes_a_price_too_large_changes_nothing() -> None:
    make_service(provider=make_provider(currency="EUR"), cost="1000000000")
    ExchangeRate.objects.create(currency="EUR", rate=Decimal(1))

    with pytest.raises(TooDear):
        set_exchange_rate(currency="EUR", rate=Decimal(1_000_000), now=NOW)

    assert ExchangeRate.objects.get().rate == Decimal(1)


@pytest.mark.django_db
def test_a_margin_of_a_category_reaches_every_provider() -> None:
    category = make_category()
    services = [
        make_service(category=category, provider=provider, cost="1")
        for provider in _two_providers()
    ]

    set_percent(category, 60)

    assert [price_of(service) for service in services] == [Decimal("1.60")] * 2


def _two_providers() -> list[Provider]:
    return [make_provider(), make_provider()]
