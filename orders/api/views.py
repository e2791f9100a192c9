"""The API endpoint: reads a request, authenticates its caller, runs the action."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from orders.api.actions import ACTIONS
from orders.api.answers import ApiError, error_reply
from orders.api.authenticate import Caller, admit
from orders.api.recent_requests import Recent, remember
from orders.api.request import read

RETRY_AFTER: Final = 5  # seconds; PostgreSQL is back within 10 after a crash

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Visit:
    """What is known about a request so far."""

    now: datetime
    caller: Caller | None = None
    action: str = ""
    error: str = ""


@csrf_exempt
def api(request: HttpRequest) -> HttpResponse:
    """Answer one request with JSON, whatever happens. No cookies, no redirects."""
    began = time.perf_counter()
    visit = Visit(now=timezone.now())
    response = _answer(request, visit)
    if visit.caller:
        seen = Recent(
            at=visit.now,
            action=visit.action,
            status=response.status_code,
            error=visit.error,
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
            ip=visit.caller.ip,
            key_name=visit.caller.key.name,
        )
        remember(user_id=visit.caller.user.pk, request=seen)
    return response


def _answer(request: HttpRequest, visit: Visit) -> HttpResponse:
    try:
        return _do(request, visit)
    except ApiError as error:
        answer = error
    except (OperationalError, InterfaceError) as error:
        logger.warning("The API answers 503: %s", type(error).__name__)
        answer = ApiError("Service unavailable", status=503, retry_after=RETRY_AFTER)
    except Exception:  # programs get JSON, the log gets the traceback
        logger.exception("The API failed")
        answer = ApiError("Internal error", status=503, retry_after=RETRY_AFTER)
    visit.error = answer.text
    return error_reply(answer)


def _do(request: HttpRequest, visit: Visit) -> HttpResponse:
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        raise ApiError("This API is served over https only")
    ask = read(request)
    visit.caller = caller = admit(request, ask, visit.now)
    action = ACTIONS.get(ask.action)
    if action is None:
        raise ApiError("Incorrect request")
    visit.action = action.name
    if action.scope == "order" and caller.key.scope != "order":
        raise ApiError("This API key may only read")
    return action.handle(caller, ask, visit.now)
