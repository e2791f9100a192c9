"""`/health` for load balancers, and 503 with Retry-After while the database is down."""

import sys
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error as default_server_error

RETRY_AFTER = "5"  # seconds; PostgreSQL is back within 10 after a crash


class HealthMiddleware:
    """Comes before all other middleware, so load balancers may use the IP address as host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer `/health`; pass on all other requests."""
        return health() if request.path == "/health" else self.get_response(request)


def health() -> HttpResponse:
    """Report whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return JsonResponse(
            {"status": "database unavailable"}, status=503, headers={"Retry-After": RETRY_AFTER}
        )
    return JsonResponse({"status": "ok"})


def server_error(request: HttpRequest) -> HttpResponseBase:
    """The handler of status 500; if the database is down it answers 503 with Retry-After."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return default_server_error(request)
    page = render_to_string("503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER})
