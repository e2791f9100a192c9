"""Set and remove margins, or preview the effect on prices."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from accounts.models import User
from catalog.models import Category, MarginRule, MarginScope, Provider, Service
from catalog.prices.margin_rules import Rule
from catalog.prices.reprice import Preview, open_rulebook, preview, reprice, services_under
from catalog.prices.write_lock import lock_catalog

log = logging.getLogger(__name__)

# beyond it a typing mistake is likelier
MAX_PERCENT: Final = Decimal(10_000)
MAX_FIXED: Final = Decimal(1_000_000)

Target = Provider | Category | Service | None


class BadMargin(ValueError):
    """A percent or fixed amount below 0 or above its maximum."""


class RuleNeeded(Exception):
    """The rule for all services cannot be removed: services would have no price."""


def preview_margin(*, target: Target, percent: Decimal, fixed: Decimal) -> Preview:
    """What `set_margin` would change. Raises BadMargin and TooDear as it does."""
    rule = _rule(target=target, percent=percent, fixed=fixed)
    services = services_under(scope=rule.scope, target=rule.target)
    return preview(services=services, book=open_rulebook().with_rule(rule))


def preview_removal(*, rule: MarginRule) -> Preview:
    """What `remove_margin` would change. Raises RuleNeeded as it does."""
    target = _removable(rule)
    book = open_rulebook().without(scope=rule.scope, target=target)
    return preview(services=services_under(scope=rule.scope, target=target), book=book)


@transaction.atomic
def set_margin(
    *, target: Target, percent: Decimal, fixed: Decimal, actor: User | None, now: datetime
) -> MarginRule:
    """Price `target` (None: all services) at cost × (1 + percent/100) + fixed, at once.

    Replaces the target's rule. Raises BadMargin and TooDear; nothing changed then.
    """
    rule = _rule(target=target, percent=percent, fixed=fixed)
    lock_catalog()
    saved, _ = MarginRule.objects.update_or_create(
        scope=rule.scope,
        provider=target if isinstance(target, Provider) else None,
        category=target if isinstance(target, Category) else None,
        service=target if isinstance(target, Service) else None,
        defaults={"percent": percent, "fixed": fixed, "updated_by": actor},
    )
    moved = reprice(
        services=services_under(scope=rule.scope, target=rule.target), book=open_rulebook(), now=now
    )
    log.info(
        "margin of %s set to %s %% + %s by %s: %s prices moved",
        target,
        percent,
        fixed,
        actor,
        moved,
    )
    return saved


@transaction.atomic
def remove_margin(*, rule: MarginRule, actor: User | None, now: datetime) -> None:
    """Price these services by the next broader rule. Raises RuleNeeded for all services."""
    target = _removable(rule)
    lock_catalog()
    book = open_rulebook().without(scope=rule.scope, target=target)
    moved = reprice(services=services_under(scope=rule.scope, target=target), book=book, now=now)
    log.info("margin rule %s removed by %s: %s prices moved", rule, actor, moved)
    rule.delete()


def _removable(rule: MarginRule) -> int:
    target = rule.provider_id or rule.category_id or rule.service_id
    if rule.scope == MarginScope.ALL or target is None:
        raise RuleNeeded("The margin for all services can be changed, but not removed")
    return target


def _rule(*, target: Target, percent: Decimal, fixed: Decimal) -> Rule:
    for name, value, most in (("percent", percent, MAX_PERCENT), ("fixed", fixed, MAX_FIXED)):
        if not value.is_finite() or not 0 <= value <= most:
            raise BadMargin(
                f"{name} must be between 0 and {most:,}: below 0 it would sell at a loss"
            )
    return Rule(
        scope=_scope_of(target), target=target.pk if target else None, percent=percent, fixed=fixed
    )


def _scope_of(target: Target) -> MarginScope:
    if isinstance(target, Provider):
        return MarginScope.PROVIDER
    if isinstance(target, Category):
        return MarginScope.CATEGORY
    return MarginScope.SERVICE if isinstance(target, Service) else MarginScope.ALL
