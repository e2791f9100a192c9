"""Answering 422 where a form was refused, on allauth's pages as on our own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

OK, REFUSED = 200, 422


class RefusedFormMiddleware:
    """Changes the status of a posted page that shows a form with errors; allauth would answer 200."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        """Our own views render at once and do not come by here."""
        form = (response.context_data or {}).get("form")
        if (
            request.method == "POST"
            and response.status_code == OK
            and getattr(form, "errors", None)
        ):
            response.status_code = REFUSED
        return response
