"""Serves API requests before the middleware that only browsers need."""

from collections.abc import Callable
from typing import Final

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from orders.api.answers import ApiError, error_reply
from orders.api.views import api

ADDRESSES: Final = frozenset({"/api/v2", "/api/v2/"})


class ApiEntrance:
    """Comes after SecurityMiddleware; API requests pass no other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer API requests; pass on all others."""
        if request.path_info not in ADDRESSES:
            return self.get_response(request)
        try:
            request.get_host()
        except DisallowedHost:
            return error_reply(ApiError("Incorrect request", status=400))
        return api(request)
