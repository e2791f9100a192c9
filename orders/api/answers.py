"""Responses of the API: compact JSON, and errors as the trade's programs expect them."""

import json

from django.http import HttpResponse

CONTENT_TYPE = "application/json"


class ApiError(Exception):
    """An error response, `{"error": text}`, by default with HTTP 200.

    `retry_after`: seconds after which to try again.
    """

    def __init__(self, text: str, *, status: int = 200, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.retry_after = retry_after


def reply(payload: object, *, status: int = 200) -> HttpResponse:
    """The payload as compact JSON in ASCII, safe for any client's encoding."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    # No middleware adds the length, and without it the response would be chunked.
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
    }
    return HttpResponse(body, status=status, headers=headers)


def error_reply(error: ApiError) -> HttpResponse:
    """The error as a response."""
    response = reply({"error": error.text}, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
