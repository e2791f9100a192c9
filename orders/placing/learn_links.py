"""Learn which links a service takes from the orders that its provider accepted."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from catalog.models import LinkRule, LinkTarget
from catalog.platforms import address_of, host_of, target_of_address
from orders.models import Order, Status

MAX_READ: Final = 20_000  # the latest orders of all services
MIN_ORDERS: Final = 5  # accepted orders of a service, before anything is learnt
MIN_CUSTOMERS: Final = 2  # one customer's habit is no rule
MIN_SHARE: Final = 20  # a host counts from one in so many orders
LEARNT: Final = ("hosts", "target", "are_names_allowed")
ACCEPTED: Final = (Status.RUNNING, Status.PARTIAL, Status.COMPLETED)


def learn_links(*, now: datetime) -> str:
    """Store or renew a rule for each service with enough accepted orders; the admin's rules stay.

    A service whose orders were at no particular site gets none. Harmless when run twice or beside
    itself.
    """
    links = _accepted_links()
    rules = [_rule(service, found, now=now) for service, found in links.items()]
    learnt = [rule for rule in rules if rule]
    known = {
        rule.service_id: rule
        for rule in LinkRule.objects.filter(service__in=[rule.service_id for rule in learnt])
    }
    new = [rule for rule in learnt if rule.service_id not in known]
    LinkRule.objects.bulk_create(new, ignore_conflicts=True)  # the admin may be first
    for rule in learnt:
        if rule.service_id in known and _differs(rule, known[rule.service_id]):
            # asked again, should the admin have made it a rule of their own meanwhile
            LinkRule.objects.filter(service=rule.service_id, is_learnt=True).update(**_facts(rule))
    return f"{len(learnt)} services"


def _facts(rule: LinkRule) -> dict[str, object]:
    return {name: getattr(rule, name) for name in (*LEARNT, "updated_at")}


def _differs(rule: LinkRule, known: LinkRule) -> bool:
    return any(getattr(rule, name) != getattr(known, name) for name in LEARNT)


def _accepted_links() -> dict[int, list[str]]:
    """The links of each service with enough accepted orders, of enough customers."""
    rows = (
        Order.objects.known_upstream()
        .filter(status__in=ACCEPTED)
        .exclude(link="")
        .newest_first()
        .values_list("service_id", "user_id", "link")[:MAX_READ]
    )
    links: dict[int, list[str]] = defaultdict(list)
    customers: dict[int, set[int]] = defaultdict(set)
    for service, customer, link in rows:
        links[service].append(link)
        customers[service].add(customer)
    return {
        service: found
        for service, found in links.items()
        if len(found) >= MIN_ORDERS and len(customers[service]) >= MIN_CUSTOMERS
    }


def _rule(service: int, links: Iterable[str], *, now: datetime) -> LinkRule | None:
    hosts: Counter[str] = Counter()
    targets: Counter[str] = Counter()
    for link in links:
        parts = address_of(link)
        hosts[host_of(parts) if parts else ""] += 1
        if parts:
            targets[target_of_address(parts)] += 1
    least = max(2, hosts.total() // MIN_SHARE)
    usual = sorted(host for host, count in hosts.items() if count >= least)
    sites = " ".join(filter(None, usual))
    if not sites or len(usual) > 6 or len(sites) > 500:
        return None
    return LinkRule(
        service_id=service,
        hosts=sites,
        target=next(iter(targets)) if len(targets) == 1 else LinkTarget.ANY,
        are_names_allowed="" in usual,
        is_learnt=True,
        updated_at=now,
    )
