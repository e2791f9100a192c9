"""Leads programs past what only browsers need: the API answers before sessions, messages, CSRF and
logs of pages.
"""

from collections.abc import Callable
from typing import Final

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from orders.api.answers import ApiError, refuse
from orders.api.views import api

ADDRESSES: Final = frozenset({"/api/v2", "/api/v2/"})


class ApiEntrance:
    """Stands behind SecurityMiddleware; whoever asks the API meets no other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the API's requests here; pass everything else on."""
        if request.path_info not in ADDRESSES:
            return self.get_response(request)
        try:
            request.get_host()
        except DisallowedHost:
            return refuse(ApiError("Incorrect request", status=400))
        return api(request)
