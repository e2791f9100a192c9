"""The one address of the served API: reads a request, admits its caller, lets the action answer."""

import logging
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from orders.api.actions import ACTIONS, Action
from orders.api.admitting import Caller, admit
from orders.api.answers import ApiError, refuse
from orders.api.asking import Ask, read

RETRY_AFTER: Final = 5  # seconds; PostgreSQL is back within 10 after a crash

logger = logging.getLogger(__name__)


@csrf_exempt
def api(request: HttpRequest) -> HttpResponse:
    """Answer one request as JSON, whatever happens: no cookie is read or set, no redirect, no page."""
    now = timezone.now()
    try:
        return _answer(request, now=now)
    except ApiError as error:
        return refuse(error)
    except (OperationalError, InterfaceError) as error:
        logger.warning("The API answers 503: %s", type(error).__name__)
        return refuse(ApiError("Service unavailable", status=503, retry_after=RETRY_AFTER))
    except Exception:  # whatever it is, programs get JSON; people get the traceback
        logger.exception("The API failed")
        return refuse(ApiError("Internal error", status=503, retry_after=RETRY_AFTER))


def _answer(request: HttpRequest, *, now: datetime) -> HttpResponse:
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        raise ApiError("This API is served over https only")
    ask = read(request)
    caller = admit(request, ask, now)
    return _action(caller, ask).handle(caller, ask, now)


def _action(caller: Caller, ask: Ask) -> Action:
    action = ACTIONS.get(ask.action)
    if action is None:
        raise ApiError("Incorrect request")
    if action.scope == "order" and caller.key.scope != "order":
        raise ApiError("This API key may only read")
    return action
