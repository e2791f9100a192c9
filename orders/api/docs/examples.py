"""Values of the samples: the user's own orders and refills, services on sale, valid fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import F

from accounts.models import User
from catalog.models import Service
from catalog.upstream.service_types import TYPES, Field
from orders.api.docs.calls import Call
from orders.models import Refill
from orders.placing.check_fields import NUMBER_LIMITS

LINK: Final = "https://example.com/page"
WORDS: Final[Mapping[str, str]] = {  # by the fields' protocol names
    "link": LINK,
    "username": "alice",
    "hashtag": "travel",
    "media": "https://example.com/media",
    "country": "WW",
    "google_keyword": "running shoes",
    "referring_url": "https://example.com/blog",
}
LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "comments": ("Great photo!", "Love it"),
    "usernames": ("alice", "bob"),
    "hashtags": ("travel", "food"),
    "keywords": ("running shoes", "trail shoes"),
    "groups": ("https://example.com/group",),
}
MAX_LINES: Final = 100  # of a sample


@dataclass(frozen=True, slots=True)
class Own:
    """The ids used in the samples; made up if the user has none."""

    orders: tuple[int, ...] = (23501, 23502)
    refills: tuple[int, ...] = (1, 2)
    # on sale, by type
    services: Mapping[str, Service] = field(default_factory=dict)


def own_of(user: User | None) -> Own:
    """A user's latest orders and refills, and for each type the service with the smallest minimum.

    Three queries for a user, one for a visitor.
    """
    services = _services()
    if user is None:
        return Own(services=services)
    orders = tuple(user.orders.newest_first().values_list("pk", flat=True)[:2])
    refills = tuple(
        Refill.objects.filter(order__user=user).order_by("-pk").values_list("pk", flat=True)[:2]
    )
    return Own(orders=orders or Own().orders, refills=refills or Own().refills, services=services)


def fields_of(call: Call, own: Own) -> dict[str, str]:
    """The fields that this call requires, with the smallest valid values, without the key."""
    values = {"action": call.action}
    if call.kind is not None:
        service = own.services.get(call.kind.name)
        values["service"] = str(service.pk if service else 1)
        for one in call.kind.fields:
            if one.is_wanted(values):
                values[one.name] = _value(one, service)
    ids = {
        "order": own.orders[:1],
        "orders": own.orders,
        "refill": own.refills[:1],
        "refills": own.refills,
    }
    asked = [parameter.name for parameter in call.parameters if parameter.name in ids]
    return values | {name: ",".join(map(str, ids[name])) for name in asked}


def _services() -> dict[str, Service]:
    names = [kind.name for kind in TYPES if kind.is_sellable]
    sold = Service.objects.on_sale().filter(type__in=names, price__gte=F("cost"))
    return {
        service.type: service
        for service in sold.order_by("type", "min_quantity", "pk").distinct("type")
    }


def _value(one: Field, service: Service | None) -> str:
    least = service.min_quantity if service else 100
    if one.kind == "lines":
        return "\n".join(_lines(one.name, min(max(1, least if service else 2), MAX_LINES)))
    if one.kind == "quantity":
        return str(max(1, least))
    if one.kind == "number":
        return str(NUMBER_LIMITS[one.name][0] if one.name in NUMBER_LIMITS else max(1, least))
    if one.kind == "choice":
        return one.choices[0][0]
    return WORDS.get(one.name, LINK if one.kind in {"link", "url"} else "alice")


def _lines(name: str, count: int) -> list[str]:
    words = LINES.get(name, ("first", "second"))
    return [
        words[number] if number < len(words) else f"{words[0]} {number + 1}"
        for number in range(count)
    ]
