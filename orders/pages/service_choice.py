"""Choosing what to order: the services on sale, narrowed by a search and a category, and the one
that was picked.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Max, Q, QuerySet

from accounts.models import User
from catalog.models import Category, Service, ServiceQuerySet
from lib.query_text import is_id, printable

LISTED: Final = 100  # services in the list at once; a search narrows it
LATELY: Final = 6  # services to order again
LATEST: Final = 50  # orders among which they are looked for
WORDS: Final = 8  # words of a search that count


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer may pick from, and what is picked."""

    query: str
    categories: list[Category]  # those with something on sale
    category: Category | None
    services: list[Service]
    has_more: bool  # more services match than are listed
    service: Service | None


def choose(*, query: str, category_id: str, service_id: str) -> Choice:
    """What fits the search, the category and the service as a browser sent them; what makes no
    sense is left out.
    """
    query = printable(query)
    categories = list(_categories())
    category = next((one for one in categories if str(one.pk) == category_id), None)
    matching = matching_services(query=query)
    if category:
        matching = matching.filter(category=category)
    service = matching.filter(pk=int(service_id)).first() if is_id(service_id) else None
    listed = list(matching.in_shop_order()[: LISTED + 1])
    services = listed[:LISTED]
    if service and service not in services:
        services.insert(0, service)
    return Choice(
        query=query,
        categories=categories,
        category=category,
        services=services,
        has_more=len(listed) > LISTED,
        service=service,
    )


def ordered_lately(customer: User) -> list[Service]:
    """What the customer's newest orders were for and is still on sale, the newest first."""
    newest = customer.orders.newest_first().values("service_id")[:LATEST]
    found = Service.objects.on_sale().filter(pk__in=newest, orders__user=customer)
    return list(found.annotate(last=Max("orders__pk")).order_by("-last")[:LATELY])


def matching_services(*, query: str) -> ServiceQuerySet:
    """The services on sale whose name has every word of the query, or whose id it is."""
    found = Service.objects.on_sale().select_related("category")
    if is_id(query):
        return found.filter(Q(pk=int(query)) | _named(query))
    for word in query.split()[:WORDS]:
        found = found.filter(_named(word))
    return found


def _named(word: str) -> Q:
    return Q(own_name__icontains=word) | Q(own_name="", upstream_name__icontains=word)


def _categories() -> QuerySet[Category]:
    return Category.objects.filter(pk__in=Service.objects.on_sale().values("category")).order_by(
        "position", "pk"
    )
