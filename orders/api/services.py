"""`services`: what the caller may buy, at the caller's price; the same bytes for everybody of a
price group.
"""

import re
from typing import Final

from django.http import HttpRequest, HttpResponse

from catalog.prices.price_list import Encoding, PriceGroup
from catalog.prices.price_list_cache import NotReady, PriceLists
from orders.api.answers import CONTENT_TYPE, ApiError
from orders.api.authenticate import Caller

LISTS: Final = PriceLists()  # this process's; what they promise stands there
# the smallest first, where the caller likes both the same
PREFERRED: Final[tuple[Encoding, ...]] = ("br", "gzip")
ETAG: Final = re.compile(r'(?:W/)?("[^"]*")')
RETRY_AFTER: Final = 1  # seconds; the list is being written


def services(caller: Caller, request: HttpRequest) -> HttpResponse:
    """The list in the encoding that the caller likes best, with every change committed before the
    request.

    304 without a body for a caller that names the list's ETag in If-None-Match: by POST, too, since
    this action changes nothing and its callers know no other verb. Raises ApiError (503) where the
    first list takes too long to write.
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
    """The best of ours that an Accept-Encoding allows; plain bytes for a caller that says
    nothing or nonsense.
    """
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
