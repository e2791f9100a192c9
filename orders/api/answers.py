"""Answers of the served API: compact JSON, and errors as the trade's programs read them."""

import json

from django.http import HttpResponse

CONTENT_TYPE = "application/json"


class ApiError(Exception):
    """What is answered instead of what was asked for: `{"error": text}`. Errors are HTTP 200 but
    where the status says.

    `retry_after`: seconds after which asking again makes sense.
    """

    def __init__(self, text: str, *, status: int = 200, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.retry_after = retry_after


def reply(payload: object, *, status: int = 200) -> HttpResponse:
    """The payload as JSON without blanks, in ASCII alone: it passes every client's idea of an
    encoding.
    """
    body = json.dumps(payload, separators=(",", ":")).encode()
    # The length by hand: no middleware stands behind to add it, and without it the reply would go
    # out in chunks
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
    }
    return HttpResponse(body, status=status, headers=headers)


def refuse(error: ApiError) -> HttpResponse:
    """The error as it is answered."""
    response = reply({"error": error.text}, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
