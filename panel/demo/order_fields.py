"""What the demo's customers order: services with suitable links, quantities and texts."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import count, zip_longest
from typing import Final

from catalog.models import Service, ServiceQuerySet
from catalog.prices.arithmetic import charge_for
from catalog.upstream.service_types import Field, ServiceType, find

# charge of one order, in the panel's currency; the demo's users have about 100 each
MAX_CHARGE: Final = Decimal(9)
MIN_CHARGE: Final = Decimal("0.20")
MAX_UNITS: Final = 20_000  # units of one order
USUAL_SPENDING: Final = (
    Decimal("0.80"),
    Decimal("2.40"),
    Decimal("1.20"),
    Decimal("4.60"),
    Decimal("3.10"),
)
STEP: Final = 50  # people order round numbers
SITES: Final = {
    "Instagram": "https://www.instagram.com/p/Cx{}/",
    "TikTok": "https://www.tiktok.com/@studio.lumen/video/7{}",
    "YouTube": "https://www.youtube.com/watch?v=q{}",
    "Facebook": "https://www.facebook.com/lumen.studio/posts/{}",
    "Telegram": "https://t.me/lumen_news/{}",
    "Twitter": "https://x.com/lumenstudio/status/18{}",
    "Spotify": "https://open.spotify.com/track/6k{}",
}
ELSEWHERE: Final = "https://example.com/lumen/{}"
COMMENTS: Final = (
    "Love this!",
    "Where was this filmed?",
    "Take my money 🔥",
    "Beautiful light",
    "More of these, please",
)
NAMES: Final = ("mara.k", "old_harbor", "jun.ito", "the.lamp.shop", "nine_lives", "casa.verde")
TEXTS: Final = {
    "country": "WW",
    "hashtag": "sunset",
    "username": "lumen.studio",
    "answer_number": "2",
}

_numbers = count(40_613, 977)


def affordable(services: ServiceQuerySet) -> Iterator[Service]:
    """The affordable of `services`, one per category in turn, endlessly."""
    shelves: dict[int, list[Service]] = defaultdict(list)
    for service in services.in_shop_order():
        if _is_affordable(service):
            shelves[service.category_id].append(service)
    chosen = [service for row in zip_longest(*shelves.values()) for service in row if service]
    while chosen:
        yield from chosen


def values_for(service: Service) -> dict[str, str]:
    """Plausible fields of an order, with a new link each time."""
    kind = _kind(service)
    number = next(_numbers)
    values = {field.name: _value(field, service) for field in kind.fields if field.is_required}
    if "link" in values:
        values["link"] = _site(service).format(number)
    if "quantity" in values:
        values["quantity"] = str(
            _quantity(service, spending=USUAL_SPENDING[number % len(USUAL_SPENDING)])
        )
    if kind.lines_field:
        texts = COMMENTS if kind.lines_field == "comments" else NAMES
        lines = max(service.min_quantity, len(texts))
        values[kind.lines_field] = "\n".join(texts[index % len(texts)] for index in range(lines))
    return values


def _value(field: Field, service: Service) -> str:
    if field.choices:
        # direct traffic needs no further fields
        return "3" if field.name == "type_of_traffic" else field.choices[-1][0]
    if field.kind == "lines":
        return "\n".join(COMMENTS if field.name == "comments" else NAMES)
    if field.kind == "url":
        return _site(service).format(next(_numbers))
    return TEXTS.get(field.name, "")


def _site(service: Service) -> str:
    return next(
        (site for network, site in SITES.items() if network in service.category.name), ELSEWHERE
    )


def _kind(service: Service) -> ServiceType:
    kind = find(service.type)
    if kind is None:
        raise LookupError(f"{service} is on sale with an unknown type: {service.type}")
    return kind


def _quantity(service: Service, *, spending: Decimal) -> int:
    affordable = int(spending * 1000 / service.price) if service.price else service.min_quantity
    rounded = affordable // STEP * STEP
    return max(service.min_quantity, min(rounded, service.max_quantity, MAX_UNITS))


def _is_affordable(service: Service) -> bool:
    kind = _kind(service)
    if kind.is_subscription:
        return False  # charged over time, not per order
    least, most = (
        (max(service.min_quantity, len(NAMES)), min(service.max_quantity, MAX_UNITS))
        if kind.is_limited
        else (1, 1)
    )
    at_least, at_most = (
        charge_for(price=service.price, billed_quantity=quantity, is_per_order=kind.is_per_order)
        for quantity in (least, most)
    )
    return at_least <= MAX_CHARGE and at_most >= MIN_CHARGE
