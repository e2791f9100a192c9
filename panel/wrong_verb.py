"""What a browser gets where an address does not take its verb: a page instead of nothing."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve


class WrongVerbMiddleware:
    """Django answers 405 with an empty body, which browsers show as an error of their own.

    Reloading or typing the address of a form that was sent leads to the page above it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Leave programs their 405, with a body that says so."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or _is_said(response):
            return response
        if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", ""):
            return redirect(_page_above(request.path_info))
        page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page["Allow"] = response.get("Allow", "")
        return page


def _is_said(response: HttpResponseBase) -> bool:
    return not isinstance(response, HttpResponse) or bool(response.content)


def _page_above(path: str) -> str:
    """The nearest address above that exists; where that is no page either, its own turn follows."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] or "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
