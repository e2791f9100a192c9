"""`services`: what the caller can buy, at the prices of the caller's group."""

import re
from typing import Final

from django.http import HttpRequest, HttpResponse

from catalog.prices.price_list import Encoding, PriceGroup
from catalog.prices.price_list_cache import NotReady, PriceLists
from orders.api.answers import CONTENT_TYPE, ApiError
from orders.api.authenticate import Caller

LISTS: Final = PriceLists()  # of this process
# the smallest first; the caller's preference counts more
PREFERRED: Final[tuple[Encoding, ...]] = ("br", "gzip")
ETAG: Final = re.compile(r'(?:W/)?("[^"]*")')
RETRY_AFTER: Final = 1  # seconds; the list is being generated


def services(caller: Caller, request: HttpRequest) -> HttpResponse:
    """The list in the preferred encoding, with every change committed before the request.

    304 if If-None-Match has its ETag, also for POST: the action changes nothing. Raises ApiError
    (503) if generating the first list takes too long.
    """
    del caller  # one price group has them all
    try:
        prices = LISTS.current(group=PriceGroup.EVERYBODY)
    except NotReady:
        raise ApiError("Service unavailable", status=503, retry_after=RETRY_AFTER) from None
    encoding = encoding_for(request.headers.get("Accept-Encoding", ""))
    variant = prices.variants[encoding]
    headers = {
        "Content-Type": CONTENT_TYPE,
        "ETag": variant.etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "private, no-cache",
    }
    if _names(request.headers.get("If-None-Match", ""), variant.etag):
        return HttpResponse(status=304, headers=headers)
    headers["Content-Length"] = str(len(variant.body))
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return HttpResponse(variant.body, headers=headers)


def encoding_for(accepted: str) -> Encoding:
    """Our best encoding that Accept-Encoding allows; plain bytes if it is absent or invalid."""
    wishes = dict(_wishes(accepted))
    liked = {name: wishes.get(name, wishes.get("*", 0.0)) for name in PREFERRED}
    best = max(PREFERRED, key=lambda name: liked[name])
    return best if liked[best] > 0 else "identity"


def _wishes(accepted: str) -> list[tuple[str, float]]:
    return [_wish(*part.split(";", 1)) for part in accepted.split(",") if part.strip()]


def _wish(name: str, parameters: str = "") -> tuple[str, float]:
    found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameters, re.IGNORECASE)
    weight = float(found[1]) if found else 0.0 if parameters else 1.0
    return name.strip().lower(), weight


def _names(condition: str, etag: str) -> bool:
    return condition.strip() == "*" or etag in ETAG.findall(condition)
