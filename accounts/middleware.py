"""Middleware: 422 for invalid forms on allauth's pages, as on our own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

OK, INVALID = 200, 422


class RefusedFormMiddleware:
    """Sets 422 on posted pages whose form has errors; allauth answers 200."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        """Called for template responses only; our own views render at once."""
        form = (response.context_data or {}).get("form")
        if (
            request.method == "POST"
            and response.status_code == OK
            and getattr(form, "errors", None)
        ):
            response.status_code = INVALID
        return response
