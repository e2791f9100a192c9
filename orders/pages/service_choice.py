"""The services to choose from for an order: search, category and the chosen one."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Max, Q, QuerySet

from accounts.models import User
from catalog.models import Category, Service, ServiceQuerySet
from lib.query_text import is_id, printable
from orders.placing.link_rule import with_link_rules

MAX_LISTED: Final = 100  # services in the list; a search narrows it
MAX_LATELY: Final = 6  # services to order again
MAX_LATEST: Final = 50  # orders searched for them
MAX_WORDS: Final = 8  # of a search; more are ignored


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer can choose from, and the choice."""

    query: str
    categories: list[Category]  # those with something on sale
    category: Category | None
    services: list[Service]
    has_more: bool  # more services match than are listed
    service: Service | None


def choose(*, query: str, category_id: str, service_id: str) -> Choice:
    """What matches a browser's search, category and service; invalid values are ignored."""
    query = printable(query)
    categories = list(_categories())
    category = next((one for one in categories if str(one.pk) == category_id), None)
    matching = matching_services(query=query)
    if category:
        matching = matching.filter(category=category)
    chosen = with_link_rules(matching)
    service = chosen.filter(pk=int(service_id)).first() if is_id(service_id) else None
    listed = list(matching.in_shop_order()[: MAX_LISTED + 1])
    services = listed[:MAX_LISTED]
    if service and service not in services:
        services.insert(0, service)
    return Choice(
        query=query,
        categories=categories,
        category=category,
        services=services,
        has_more=len(listed) > MAX_LISTED,
        service=service,
    )


def ordered_lately(customer: User) -> list[Service]:
    """Services of the customer's latest orders that are still on sale, newest first."""
    newest = customer.orders.newest_first().values("service_id")[:MAX_LATEST]
    found = Service.objects.on_sale().filter(pk__in=newest, orders__user=customer)
    return list(found.annotate(last=Max("orders__pk")).order_by("-last")[:MAX_LATELY])


def matching_services(*, query: str) -> ServiceQuerySet:
    """Services on sale whose name has every word of the query, or whose id it is."""
    found = Service.objects.on_sale().select_related("category")
    if is_id(query):
        return found.filter(Q(pk=int(query)) | _named(query))
    for word in query.split()[:MAX_WORDS]:
        found = found.filter(_named(word))
    return found


def _named(word: str) -> Q:
    return Q(own_name__icontains=word) | Q(own_name="", upstream_name__icontains=word)


def _categories() -> QuerySet[Category]:
    return Category.objects.filter(pk__in=Service.objects.on_sale().values("category")).order_by(
        "position", "pk"
    )
