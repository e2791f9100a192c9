"""The services to choose from for an order: search, category and the chosen one."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Max, QuerySet

from accounts.models import User
from catalog.models import Category, Service
from catalog.search import matching
from lib.query_text import is_id, printable
from orders.placing.link_rule import with_link_rules

MAX_LISTED: Final = 100  # services in the list; a search narrows it
MAX_LATELY: Final = 6  # services to order again
MAX_LATEST: Final = 50  # orders searched for them


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer can choose from, and the choice."""

    query: str
    categories: list[Category]  # those with something on sale
    category: Category | None
    services: list[Service]
    listed: int  # without a chosen one that stands before them
    has_more: bool  # more services match than are listed
    service: Service | None


def choose(*, query: str, category_id: str, service_id: str) -> Choice:
    """What matches a browser's search, category and service; invalid values are ignored."""
    query = printable(query)
    categories = list(_categories())
    category = next((one for one in categories if str(one.pk) == category_id), None)
    on_sale = with_link_rules(Service.objects.on_sale())
    found = matching(on_sale.filter(category=category) if category else on_sale, words=query)
    listed = list(found.in_shop_order()[: MAX_LISTED + 1])
    services = listed[:MAX_LISTED]
    service = found.filter(pk=int(service_id)).first() if is_id(service_id) else None
    if query and len(listed) == 1:
        service = listed[0]  # what a search narrows down to is chosen
    if service and service not in services:
        services.insert(0, service)
    return Choice(
        query=query,
        categories=categories,
        category=category,
        services=services,
        listed=min(len(listed), MAX_LISTED),
        has_more=len(listed) > MAX_LISTED,
        service=service,
    )


def ordered_lately(customer: User) -> list[Service]:
    """Services of the customer's latest orders that are still on sale, newest first."""
    newest = customer.orders.newest_first().values("service_id")[:MAX_LATEST]
    found = Service.objects.on_sale().filter(pk__in=newest, orders__user=customer)
    return list(found.annotate(last=Max("orders__pk")).order_by("-last")[:MAX_LATELY])


def _categories() -> QuerySet[Category]:
    return Category.objects.filter(pk__in=Service.objects.on_sale().values("category")).order_by(
        "position", "pk"
    )
