"""Serves API requests before the middleware that only browsers need."""

import re
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect

from orders.api.answers import ApiError, error_reply
from orders.api.views import api

# Addresses of the API as programs write them, with slashes, file names or actions too many, and
# what else lies below /api. `/api` itself is a page for people who read it.
PAGE: Final = "/api"
DESCRIPTION: Final = "/api/v2/openapi.json"
BELOW: Final = re.compile(r"/+api(?:[/.].*)?", re.IGNORECASE | re.DOTALL)
OTHER_VERSION: Final = re.compile(r"/+api/+v(?!2(?:[^0-9]|$))[0-9].*", re.IGNORECASE | re.DOTALL)


class ApiEntrance:
    """Comes after SecurityMiddleware; API requests pass no other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer API requests, also those to an address slightly wrong; pass on all others."""
        path = request.path_info
        if not BELOW.fullmatch(path) or path == DESCRIPTION:
            return self.get_response(request)
        if path == PAGE and request.method != "POST":
            return self._page(request)
        try:
            request.get_host()
        except DisallowedHost:
            return error_reply(ApiError("Incorrect request", status=400))
        if OTHER_VERSION.fullmatch(path):
            return error_reply(ApiError(f"The API's address is {settings.SITE_URL}/api/v2"))
        return api(request)

    def _page(self, request: HttpRequest) -> HttpResponseBase:
        """The API page; SecurityMiddleware leaves all of /api to us."""
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return HttpResponsePermanentRedirect(f"{settings.SITE_URL}{request.get_full_path()}")
        return self.get_response(request)
