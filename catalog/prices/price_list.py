"""The price list: the bytes of the API's `services` reply in every encoding.

Form: section 4 of the protocol notes. `service` is a number, `refill` and `cancel` are booleans,
the rest is text.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

import brotli
from django.conf import settings
from django.db.models import F

from catalog.models import Service
from catalog.upstream import service_types
from catalog.upstream.service_types import ServiceType
from lib.decimals import ungrouped

Encoding = Literal["identity", "gzip", "br"]


class PriceGroup(Enum):
    """Customers with the same prices."""

    EVERYBODY = "everybody"


PRICES: Final = {PriceGroup.EVERYBODY: "price"}  # the field that holds each group's price
# the columns behind each field of API_SERVICES_EXTRA
EXTRA_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "dripfeed": ("is_dripfeed",),
    "desc": ("own_description", "upstream_description"),
    "average_time": ("average_time",),
    "currency": (),
}
GZIP_LEVEL: Final = 6  # 20,000 services: 75 ms, an eighth of the size; 9 takes 175 ms for 7 % less
BROTLI_QUALITY: Final = 5  # 60 ms; 9 takes 200 ms for 9 % less


@dataclass(frozen=True, slots=True)
class Variant:
    """The list in one encoding."""

    body: bytes
    etag: str  # strong and quoted


@dataclass(frozen=True, slots=True)
class PriceList:
    """The list in every encoding."""

    variants: Mapping[Encoding, Variant]

    @classmethod
    def of(cls, body: bytes) -> "PriceList":
        """The list of these bytes."""
        mark = hashlib.sha256(body).hexdigest()[:32]
        return cls(
            {
                "identity": Variant(body, f'"{mark}"'),
                "gzip": Variant(gzip.compress(body, GZIP_LEVEL, mtime=0), f'"{mark}-gzip"'),
                "br": Variant(brotli.compress(body, quality=BROTLI_QUALITY), f'"{mark}-br"'),
            }
        )


def write_list(group: PriceGroup) -> bytes:
    """What a customer of `group` may buy now, in shop order, as compact ASCII JSON.

    The services that placing accepts: on sale, of a sellable type, not below cost. One query.
    """
    return json.dumps(list(_rows(group)), separators=(",", ":")).encode()


def _rows(group: PriceGroup) -> Iterator[dict[str, object]]:
    asked = PRICES[group]
    found = Service.objects.on_sale().filter(**{f"{asked}__gte": F("cost")}).in_shop_order()
    columns = found.values_list(
        "pk", "own_name", "upstream_name", "type", "category__own_name", "category__upstream_name",
        "rate", asked, "min_quantity", "max_quantity", "is_refill", "is_cancel",
        *(name for word in settings.API_SERVICES_EXTRA for name in EXTRA_COLUMNS[word]),
    )  # fmt: skip
    for (
        pk,
        own_name,
        name,
        kind,
        own_heading,
        heading,
        rate,
        price,
        least,
        most,
        is_refill,
        is_cancel,
        *more,
    ) in columns:
        sold_as = service_types.find(kind)
        if sold_as is None or not sold_as.is_sellable or (sold_as.is_subscription and not rate):
            continue
        yield {
            "service": pk,
            "name": own_name or name,
            "type": sold_as.name,
            "category": own_heading or heading,
            "rate": ungrouped(price),
            "min": str(least),
            "max": str(most),
            "refill": is_refill,
            "cancel": is_cancel,
            **dict(_extra(more, sold_as=sold_as)),
        }


def _extra(columns: Iterable[object], *, sold_as: ServiceType) -> Iterator[tuple[str, object]]:
    """The fields that API_SERVICES_EXTRA adds, behind the documented ones."""
    values = iter(columns)
    for word in settings.API_SERVICES_EXTRA:
        found = [next(values) for _ in EXTRA_COLUMNS[word]]
        if word == "dripfeed":
            yield word, bool(found[0]) and sold_as.has_dripfeed
        elif word == "currency":
            yield word, settings.PANEL_CURRENCY
        else:
            yield word, next(filter(None, found), "")
